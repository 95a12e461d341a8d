"""What is read from Redis for one answer to Prometheus."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis import Redis

from core.heartbeats import LIFETIME, WEBHOOKS, WORKERS
from core.jobs.records import Priority, State
from core.jobs.scripts import key
from core.metrics.totals import TOTALS
from core.redis_client import reachable

Counted = Mapping[str, Mapping[tuple[str, ...], int]]
"""Totals by name, then by the values of their labels."""


@dataclass(frozen=True)
class Snapshot:
    """How the service is now, and what it has counted; the cost does not depend on jobs."""

    queued: Mapping[Priority, int]
    oldest: Mapping[Priority, float]
    """Seconds since the oldest job of each queue was made; 0 if it is empty."""
    states: Mapping[str, int]
    """Jobs by state, held ones apart."""
    due: int
    """Deliveries that are to be tried."""
    children: int
    senders: int
    swept: float | None
    """Seconds since the last sweep, if there was one."""
    totals: Counted


def take(redis: Redis) -> Snapshot:
    """Look at the service: two round trips.

    Raises:
        QueueUnavailable: Redis is away.
    """
    with reachable():
        seconds, micros = redis.time()
        now = float(seconds) + float(micros) / 1e6
        pipe = redis.pipeline(transaction=False)
        for priority in Priority:
            pipe.zcard(key("jobs", State.QUEUED, priority))
            pipe.zrange(key("jobs", State.QUEUED, priority), 0, 0)
        for name in ("held", *_OTHERS):
            pipe.zcard(key("jobs", name))
        pipe.zcard(key("deliveries", "due"))
        for beats in (WORKERS, WEBHOOKS):
            pipe.zcount(key(beats), now - LIFETIME, "+inf")
        pipe.get(key("swept"))
        pipe.hgetall(key(TOTALS))
        answers = pipe.execute()
        waiting = 2 * len(Priority)
        lengths = dict(zip(Priority, answers[:waiting:2], strict=True))
        firsts = dict(zip(Priority, answers[1:waiting:2], strict=True))
        oldest = _ages(redis, firsts, now)
    *states, due, children, senders, swept, totals = answers[waiting:]
    return Snapshot(
        queued=lengths,
        oldest=oldest,
        states={"queued": sum(lengths.values())}
        | dict(zip(("held", *_OTHERS), states, strict=True)),
        due=due,
        children=children,
        senders=senders,
        swept=max(0.0, now - int(swept) / 1000) if swept else None,
        totals=_by_name(totals),
    )


_OTHERS = tuple(str(state) for state in State if state is not State.QUEUED)


def _ages(
    redis: Redis, firsts: Mapping[Priority, Sequence[str]], now: float
) -> Mapping[Priority, float]:
    pipe = redis.pipeline(transaction=False)
    for first in firsts.values():
        pipe.hget(key("job", *first), "created")
    made = zip(firsts, pipe.execute(), strict=True)
    return {
        priority: max(0.0, now - int(created) / 1000) if created else 0.0
        for priority, created in made
    }


def _by_name(totals: Mapping[str, str]) -> Counted:
    found: dict[str, dict[tuple[str, ...], int]] = defaultdict(dict)
    for field, count in totals.items():
        name, *labels = field.split(":")
        found[name][tuple(labels)] = int(count)
    return found
