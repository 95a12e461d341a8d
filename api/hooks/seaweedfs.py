"""The webhook of SeaweedFS' filer (``[notification.webhook]`` in notification.toml).

A message is ``{"key", "event_type", "message"}``; ``message`` is filer.proto's EventNotification
in Go's JSON: names as in the proto file, bytes in base64. Paths come as they are. ``event_type`` is
of no help: overwriting an object, too, is called ``rename``. What there is now is ``new_entry`` in
``new_parent_path``; without one, the object is gone.
"""

import json
from hashlib import sha256
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from api.hooks.arrivals import Arrival, Events, Refusal, identity, misread

BUCKETS = "/buckets/"
"""Where the filer keeps buckets, unless its configuration says otherwise."""
PARTS = ".uploads/"
"""Parts of uploads that have not ended, below their bucket."""
Text = Annotated[str, Field(max_length=4096)]


class _Entry(BaseModel):
    name: Text = ""
    is_directory: bool = False
    attributes: dict[str, Any] | None = None
    chunks: list[dict[str, Any]] | None = None


class _Message(BaseModel):
    new_entry: _Entry | None = None
    new_parent_path: Text | None = None


class _Event(BaseModel):
    key: Text
    message: _Message


def read(body: dict[str, Any]) -> Events | None:
    """Return the event; None if the body is of another kind."""
    if not {"key", "event_type", "message"} <= body.keys():
        return None
    try:
        event = _Event.model_validate(body)
    except ValidationError as error:
        return Events(refused=[Refusal.of(misread(error))])
    events = Events()
    events.add(_arrival(event))
    return events


def _arrival(event: _Event) -> Arrival | None:
    entry = event.message.new_entry
    if entry is None or entry.is_directory:
        return None
    parent = event.message.new_parent_path
    path = f"{parent.rstrip('/')}/{entry.name}" if parent and entry.name else event.key
    bucket, _, key = path.removeprefix(BUCKETS).partition("/")
    if not path.startswith(BUCKETS) or not key or key.startswith(PARTS):
        return None
    return Arrival(bucket, key, _write(entry))


def _write(entry: _Entry) -> str:
    """Tell writes apart by the places of their bytes, which changes of tags leave alone."""
    attributes = entry.attributes or {}
    known = [attributes.get(name) for name in ("md5", "file_size", "mtime")]
    if not any(known) and not entry.chunks:
        return ""
    text = json.dumps([known, entry.chunks], sort_keys=True)
    return identity(sha256(text.encode()).hexdigest())
