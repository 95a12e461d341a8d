"""``{"Records": […]}``: Amazon S3 (version 2 of its event message), MinIO, RustFS, Ceph.

Keys come URL-encoded as forms are: ``red+flower.jpg`` is ``red flower.jpg``, and a plus is
``%2B``. MinIO encodes slashes too, and has the decoded key a second time as ``Key``. Ceph encodes
nothing.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from api.hooks.arrivals import Arrival, Events, Refusal, decoded, identity, misread
from core.errors import InvalidKey, TooManyEvents

MOST_RECORDS = 1000
CREATED = "ObjectCreated:"
PLAIN_KEYS = "ceph:s3"
"""The source whose keys come as they are."""
NO_CONTENT = frozenset({"PutTagging", "DeleteTagging", "PutRetention", "PutLegalHold"})
"""What MinIO also calls created: tags and locks of objects that were there before."""
Text = Annotated[str, Field(max_length=4096)]


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class _Bucket(_Part):
    name: Text


class _Object(_Part):
    key: Text
    version_id: Text | None = None
    e_tag: Text | None = None
    sequencer: Text | None = None


class _S3(_Part):
    bucket: _Bucket
    object: _Object


class _Event(_Part):
    event_name: Text


class _Record(_Event):
    event_source: Text | None = None
    event_time: Text | None = None
    s3: _S3


def read(body: dict[str, Any]) -> Events | None:
    """Return the events; None if the body is of another kind.

    Raises:
        TooManyEvents: there are more than 1000.
    """
    if body.get("Event") == "s3:TestEvent":
        # Sent once, when the notification is set up.
        return Events()
    records = body.get("Records")
    if not isinstance(records, list):
        return None
    if len(records) > MOST_RECORDS:
        raise TooManyEvents(f"a message may have {MOST_RECORDS} records, not {len(records)}")
    events = Events()
    for record in records:
        _take(events, record)
    return events


def _take(events: Events, data: object) -> None:
    """Add one record, or why it cannot be read: the others are none the worse for it."""
    key = ""
    try:
        name = _Event.model_validate(data).event_name.removeprefix("s3:")
        if not name.startswith(CREATED) or name.removeprefix(CREATED) in NO_CONTENT:
            events.add(None)
            return
        record = _Record.model_validate(data)
        key = record.s3.object.key
        events.add(_arrival(record))
    except ValidationError as error:
        events.refused.append(Refusal.of(misread(error), key))
    except InvalidKey as error:
        events.refused.append(Refusal.of(error, key))


def _arrival(record: _Record) -> Arrival:
    thing = record.s3.object
    # Not the version alone: old versions of MinIO call each one "1", and S3 the first one "null".
    write = identity(thing.version_id, thing.e_tag, thing.sequencer)
    return Arrival(
        bucket=record.s3.bucket.name,
        key=thing.key if record.event_source == PLAIN_KEYS else decoded(thing.key),
        write=write or identity(record.event_time),
    )
