"""Messages that no worker can read: the last of them are kept, so that somebody can look."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from redis import Redis

from core import heartbeats
from core.jobs.base import Moment, Record, restored_json
from core.jobs.scripts import key, milliseconds
from core.metrics.totals import TOTALS
from core.redis_client import reachable

MOST = 100
LONGEST = 1000
"""Characters of a message that are kept."""


class Unreadable(StrEnum):
    """What is wrong with a message."""

    NOT_A_MESSAGE = "not_a_message"
    """It is not what Celery puts into a queue."""
    UNKNOWN_TASK = "unknown_task"
    """It asks for something that this version does not know."""
    BAD_CONTENT = "bad_content"
    """Its content cannot be read, or names no job and no batch."""


class DeadLetter(Record):
    """One message that was taken out of a queue."""

    at: Moment
    queue: str
    why: Unreadable
    message: str
    """Its first 1000 characters."""


class DeadLetters:
    """Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def bury(self, why: Unreadable, queue: str, message: str) -> None:
        """Keep a message, in place of the oldest one if there are too many, and count it."""
        with reachable():
            at = milliseconds(heartbeats.now(self._redis))
            kept = {"at": at, "queue": queue[:100], "why": why, "message": message[:LONGEST]}
            pipe = self._redis.pipeline(transaction=True)
            pipe.lpush(key("dead-letters"), json.dumps(kept))
            pipe.ltrim(key("dead-letters"), 0, MOST - 1)
            pipe.hincrby(key(TOTALS), f"dead_letters:{why}", 1)
            pipe.execute()

    def last(self, most: int = MOST) -> Sequence[DeadLetter]:
        """Return those that are kept, newest first; what is none of ours is left out."""
        with reachable():
            found: Any = self._redis.lrange(key("dead-letters"), 0, most - 1)
        return [letter for letter in map(_read, found) if letter]


def _read(text: str) -> DeadLetter | None:
    try:
        return restored_json(DeadLetter, text)
    except ValidationError:
        return None
