"""From a message's body to its events, whoever has sent it."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import from_json
from werkzeug.exceptions import BadRequest

from api.hooks import eventbridge, s3_records, seaweedfs
from api.hooks.arrivals import Events
from core.errors import InvalidEvent

SENDERS: Sequence[Callable[[dict[str, Any]], Events | None]] = (
    s3_records.read,
    eventbridge.read,
    seaweedfs.read,
)
"""Each returns None for a body of another's."""


def parse_body(text: bytes | str) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        BadRequest: it is anything else.
    """
    try:
        body = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"the message is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the message must be a JSON object")
    return body


def read(body: dict[str, Any]) -> Events:
    """Return what a message tells.

    Raises:
        InvalidEvent: nobody whom we know sends such messages.
        TooManyEvents: see ``s3_records.read``.
    """
    for sender in SENDERS:
        events = sender(body)
        if events is not None:
            return events
    raise InvalidEvent(
        "the message is none of Amazon S3, SNS, EventBridge, MinIO or SeaweedFS; "
        "see docs/bucket-events.md"
    )
