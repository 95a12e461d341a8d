"""The stream of all changes of jobs, from which clients follow them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from redis import Redis

from core.errors import InvalidCursor
from core.jobs.records import Stage, State
from core.jobs.scripts import key, milliseconds
from core.redis_client import reachable

FIRST = "0-0"
LONGEST_ID = 41
"""Characters of two numbers of 64 bits and a dash."""


@dataclass(frozen=True)
class Event:
    """A job has changed its state, or the stage of its work."""

    id: str
    """Of the stream: milliseconds of Redis' clock, and a number."""
    job: str
    state: State
    attempt: int
    stage: Stage | None = None
    code: str | None = None
    """Of the error, for a failed job."""
    owner: str | None = None
    """Of the job, where keys are in use."""

    @property
    def at(self) -> datetime:
        """Return when it happened."""
        return datetime.fromtimestamp(int(self.id.split("-")[0]) / 1000, UTC)


class EventLog:
    """Reads the stream. Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._key = key("events")

    def last_id(self) -> str:
        """Return the id of the newest event."""
        with reachable():
            newest = cast(list[Any], self._redis.xrevrange(self._key, count=1))
        return str(newest[0][0]) if newest else FIRST

    def reaches(self, event_id: str) -> bool:
        """Whether all that came after this event is still there.

        Raises:
            InvalidCursor: it is not the id of an event.
        """
        wanted = _as_pair(event_id)
        with reachable():
            oldest = cast(list[Any], self._redis.xrange(self._key, count=1))
            newest = cast(list[Any], self._redis.xrevrange(self._key, count=1))
        # An id from the future is one of a Redis that has lost its memory.
        return bool(oldest) and _as_pair(oldest[0][0]) <= wanted <= _as_pair(newest[0][0])

    def after(self, event_id: str, wait: float, most: int = 500) -> Sequence[Event]:
        """Return what came after an event, waiting up to ``wait`` seconds for something."""
        with reachable():
            answer = self._redis.xread(
                {self._key: event_id}, count=most, block=max(1, milliseconds(wait))
            )
        if not answer:
            return []
        [(_, entries)] = cast(list[Any], answer)
        return [_parse(entry_id, fields) for entry_id, fields in entries]


def _parse(event_id: str, fields: dict[str, str]) -> Event:
    return Event(
        event_id,
        fields["job"],
        State(fields["state"]),
        int(fields["attempt"]),
        # A later version may know others.
        Stage(fields["stage"]) if fields.get("stage") in set(Stage) else None,
        fields.get("code"),
        fields.get("owner"),
    )


def _as_pair(event_id: str) -> tuple[int, int]:
    """Return an id in a form that sorts by time."""
    milliseconds, dash, number = event_id.partition("-")
    plain = dash and milliseconds.isdecimal() and number.isdecimal() and event_id.isascii()
    if not plain or len(event_id) > LONGEST_ID:
        raise InvalidCursor("Last-Event-ID must be the id of an event")
    return int(milliseconds), int(number)
