"""What a message must be before Celery sees it: one that it cannot read ends the worker."""

import base64
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.broker import BATCH_TASK, COLORIZE_TASK
from core.errors import InvalidCursor
from core.fleet.dead_letters import Unreadable
from core.jobs.scripts import as_id
from core.settings import TimeLimit

TASKS = (COLORIZE_TASK, BATCH_TASK)


class _Part(BaseModel):
    """Part of a message; what Celery adds beside is of no account."""

    model_config = ConfigDict(strict=True)


class _Place(_Part):
    exchange: str
    routing_key: str


class _Properties(_Part):
    delivery_tag: str
    delivery_info: _Place
    body_encoding: Literal["base64"]


class _Headers(_Part):
    task: str
    id: str
    # Times and retries through Celery are never asked for.
    eta: None = None
    expires: None = None
    retries: Literal[0] = 0
    timelimit: Annotated[list[TimeLimit | None], Field(min_length=2, max_length=2)] = [None, None]
    """A worker's own messages have those of its settings. A shorter one would have a child killed
    each time that its message is delivered."""
    # Where they are looked for is ``worker.app.sent_from``.
    traceparent: str | None = None
    tracestate: str | None = None
    headers: None = None
    """Celery would look into it in place of those beside it."""


class _Message(_Part):
    body: str
    content_type: Literal["application/json"] = Field(alias="content-type")
    content_encoding: Literal["utf-8"] = Field(alias="content-encoding")
    headers: _Headers
    properties: _Properties


def what_is_wrong(text: str | bytes) -> Unreadable | None:
    """Return why a message cannot be worked on; None for one that can."""
    try:
        message = _Message.model_validate_json(text)
    except ValidationError:
        return Unreadable.NOT_A_MESSAGE
    if message.headers.task not in TASKS:
        return Unreadable.UNKNOWN_TASK
    try:
        _check(*json.loads(base64.b64decode(message.body, validate=True)))
    except (ValueError, TypeError, AttributeError, RecursionError, InvalidCursor):
        return Unreadable.BAD_CONTENT
    return None


def _check(arguments: Any, named: Any, more: Any) -> None:
    """Check that there is one id, and nothing to be done after it.

    Raises:
        ValueError, TypeError, AttributeError, InvalidCursor: there is something else.
    """
    [record] = arguments
    if not isinstance(record, str) or as_id(record) != record:
        raise ValueError("not an id as we write them")
    if named or any((more or {}).values()):
        raise ValueError("more than an id")
