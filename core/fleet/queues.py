"""What waits where, what runs, and what will not go on by itself."""

from collections.abc import Mapping
from typing import Any, cast

from redis import Redis

from core import heartbeats
from core.broker import AGAIN, BATCHES, MODEL, OWN, QUEUES
from core.fleet.dead_letters import DeadLetter, DeadLetters
from core.fleet.reading import read_beats
from core.fleet.records import ChildBeat
from core.jobs.base import Record
from core.jobs.records import Priority, State
from core.jobs.scripts import key
from core.metrics.snapshot import Counted, take
from core.queues import Queues
from core.redis_client import reachable

SHOWN = 10
"""Unreadable messages in a report."""


class QueueLine(Record):
    """One list of messages."""

    queue: str
    messages: int
    """In the list, taken by nobody yet."""
    jobs: int | None = None
    """That wait in this priority, whether their message is in the list or not; null for lists that
    are not of a priority."""
    oldest_seconds: float | None = None
    """Since the oldest of them was made."""


class Gone(Record):
    """What will not go on by itself."""

    jobs: dict[str, int]
    """Failed jobs that are remembered, by code."""
    deliveries: int
    """Webhooks that were given up, of jobs that are remembered."""
    messages: dict[str, int]
    """Unreadable messages since counting began, by what is wrong with them."""
    last_messages: tuple[DeadLetter, ...]


class QueueReport(Record):
    """All of it."""

    queues: tuple[QueueLine, ...]
    running: int
    """Jobs that workers have."""
    taken: int
    """Messages that workers have taken and not done with."""
    scheduled: int
    """Queued jobs whose message comes later: most wait for their next try."""
    held: int
    """Jobs of paused batches."""
    newer: int
    """Jobs that wait for a worker of a later version."""
    deliveries_due: int
    """Webhooks that are to be told."""
    dead: Gone


def read_queues(redis: Redis, broker: Redis, prefix: str = "") -> QueueReport:
    """Look at all queues; the cost does not depend on jobs.

    ``broker``: where Celery's queues are; ``prefix``: see ``Queues``.

    Raises:
        QueueUnavailable: Redis or the broker is away.
    """
    seen = take(redis)
    names: dict[str, Priority | None] = dict.fromkeys((AGAIN, OWN, BATCHES, *_of_networks(redis)))
    names |= {name: priority for priority, name in QUEUES.items()}
    taken, *lengths = Queues(broker, [*names], prefix=prefix).look()
    with reachable():
        pipe = redis.pipeline(transaction=False)
        for part in ("due", "newer"):
            pipe.zcard(key("jobs", part))
        pipe.zcard(key("deliveries", "failed"))
        scheduled, newer, deliveries = cast(list[int], pipe.execute())
    return QueueReport(
        queues=tuple(
            QueueLine(
                queue=name,
                messages=length,
                jobs=seen.queued[priority] if priority else None,
                oldest_seconds=round(seen.oldest[priority], 1) if priority else None,
            )
            for (name, priority), length in zip(names.items(), lengths, strict=True)
        ),
        running=seen.states[State.RUNNING],
        taken=taken,
        scheduled=scheduled,
        held=seen.states["held"],
        newer=newer,
        deliveries_due=seen.due,
        dead=Gone(
            jobs=_failed(redis, seen.totals),
            deliveries=deliveries,
            messages={why: count for (why,), count in seen.totals.get("dead_letters", {}).items()},
            last_messages=tuple(DeadLetters(redis).last(SHOWN)),
        ),
    )


def _of_networks(redis: Redis) -> list[str]:
    """Return the queues of the networks that live workers have."""
    beats = read_beats(redis, heartbeats.WORKERS, ChildBeat).values()
    return sorted({f"{MODEL}{name}" for beat in beats if beat for name in beat.models})


def _failed(redis: Redis, totals: Counted) -> Mapping[str, int]:
    """Return how many failed jobs are remembered, by code: codes are known as they were counted."""
    ended = totals.get("ended", {})
    codes = sorted({code for state, code, _ in ended if state == State.FAILED and code})
    with reachable():
        pipe = redis.pipeline(transaction=False)
        for code in codes:
            pipe.zcard(key("jobs", State.FAILED, code))
        counts: list[Any] = pipe.execute()
    return {code: count for code, count in zip(codes, counts, strict=True) if count}
