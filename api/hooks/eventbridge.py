"""Amazon EventBridge's ``Object Created`` of ``aws.s3``, one event in a message.

Keys come as they are: other than in S3's own notifications, nothing is encoded, and a plus is a
plus.
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from api.hooks.arrivals import Arrival, Events, Refusal, identity, misread

SOURCE = "aws.s3"
CREATED = "Object Created"
Text = Annotated[str, Field(max_length=4096)]


class _Bucket(BaseModel):
    name: Text


class _Object(BaseModel):
    key: Text
    version_id: Annotated[Text | None, Field(alias="version-id")] = None
    etag: Text | None = None
    sequencer: Text | None = None


class _Detail(BaseModel):
    bucket: _Bucket
    object: _Object


class _Event(BaseModel):
    time: Text | None = None
    detail: _Detail


def read(body: dict[str, Any]) -> Events | None:
    """Return the event; None if the body is of another kind."""
    if not isinstance(body.get("detail-type"), str) or not isinstance(body.get("detail"), dict):
        return None
    if body.get("source") != SOURCE or body["detail-type"] != CREATED:
        return Events(ignored=1)
    try:
        event = _Event.model_validate(body)
    except ValidationError as error:
        return Events(refused=[Refusal.of(misread(error))])
    thing = event.detail.object
    write = identity(thing.version_id, thing.etag, thing.sequencer) or identity(event.time)
    return Events([Arrival(event.detail.bucket.name, thing.key, write)])
