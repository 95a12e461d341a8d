"""How the service does: what waits, what works, and what ended within the last hour.

All of it is counted as jobs go; looking costs the same however many jobs there are. (Those that
run are looked at one by one: there are no more of them than workers' children.)
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from core import heartbeats
from core.jobs.base import Milliseconds, Moment, Record
from core.jobs.records import Priority, State
from core.jobs.scripts import as_id, key
from core.redis_client import reachable

MINUTES = 60
_CODE = "code:"


class Minute(Record):
    """Jobs that ended within one minute."""

    start: Moment
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0


class Stats(Record):
    """How the service does."""

    queued: dict[Priority, int]
    """Jobs that wait, by priority."""
    load: dict[Priority, int]
    """Jobs that wait or run, by priority: what workers are scaled by."""
    held: int
    """Jobs of paused batches."""
    running: int
    workers: int
    """Workers' children heard from in the last 10 seconds; each works on one job at a time."""
    job_ms: Milliseconds | None
    """How long a job takes a worker, lately; null before the first."""
    rate: float
    """Jobs that ended in a second, over the last full minute."""
    minutes: tuple[Minute, ...]
    """The last hour, oldest first; the last one is not over."""
    errors: dict[str, int]
    """Failed jobs of the last hour by the code of their error."""


class StatsReader:
    """Reads the counters. Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def read(self) -> Stats:
        """Return how the service does now."""
        now = self._minute()
        with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for priority in Priority:
                pipe.zcard(key("jobs", State.QUEUED, priority))
            pipe.zcard(key("jobs", "held"))
            pipe.zcard(key("jobs", State.RUNNING))
            pipe.get(key("pace"))
            for minute in range(now - MINUTES + 1, now + 1):
                pipe.hgetall(key("minute", str(minute)))
            high, normal, low, held, running, pace, *counted = pipe.execute()
        queued = dict(zip(Priority, (high, normal, low), strict=True))
        minutes = [_minute_of(now - MINUTES + 1 + n, each) for n, each in enumerate(counted)]
        over = minutes[-2]
        return Stats(
            queued=queued,
            load=self._with_running(queued),
            held=held,
            running=running,
            workers=len(heartbeats.alive(self._redis)),
            job_ms=float(pace) if pace else None,
            rate=round((over.succeeded + over.failed + over.canceled) / 60, 3),
            minutes=tuple(minutes),
            errors=_errors(counted),
        )

    def _with_running(self, queued: Mapping[Priority, int]) -> dict[Priority, int]:
        """Add what runs: as many look-ups as children work, in one round trip."""
        with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for job_id in self._redis.zrange(key("jobs", State.RUNNING), 0, -1):
                pipe.hget(key("job", str(job_id)), "priority")
            running = Counter(each or Priority.NORMAL for each in pipe.execute())
        return {priority: count + running[priority] for priority, count in queued.items()}

    def ahead(self, job_ids: Sequence[str], owner: str | None = None) -> Mapping[str, int]:
        """Return how many jobs of the same or a higher priority wait before each that is queued.

        Workers share themselves among priorities, so it says about when, not exactly. It takes
        O(log n) a job; those that do not wait, or are not the ``owner``'s, are left out.

        Raises:
            InvalidCursor: something is not the id of a job.
        """
        ids = self._of_owner([as_id(each) for each in job_ids], owner)
        with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids:
                for priority in Priority:
                    waiting = key("jobs", State.QUEUED, priority)
                    pipe.zscore(waiting, job_id)
                    pipe.zlexcount(waiting, "-", f"({job_id}")
                    pipe.zcard(waiting)
            answers: list[Any] = pipe.execute()
        each = 3 * len(Priority)
        places = {
            job_id: _place(answers[n * each : (n + 1) * each]) for n, job_id in enumerate(ids)
        }
        return {job_id: place for job_id, place in places.items() if place is not None}

    def _of_owner(self, ids: Sequence[str], owner: str | None) -> Sequence[str]:
        if owner is None:
            return ids
        with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids:
                pipe.zscore(key("owner", owner, "jobs", State.QUEUED), job_id)
            return [
                job_id
                for job_id, known in zip(ids, pipe.execute(), strict=True)
                if known is not None
            ]

    def _minute(self) -> int:
        with reachable():
            seconds, _ = self._redis.time()
        return int(seconds) // 60


def _place(answers: Sequence[Any]) -> int | None:
    """Return the place that three answers for each priority say; None if it waits in none."""
    ahead = 0
    for found, before, waiting in zip(answers[::3], answers[1::3], answers[2::3], strict=True):
        if found is not None:
            return ahead + int(before)
        ahead += int(waiting)
    return None


def _minute_of(minute: int, counted: Mapping[str, str]) -> Minute:
    ends = {state: int(counted.get(state, 0)) for state in State if state.final}
    start = datetime.fromtimestamp(minute * 60, UTC)
    return Minute(start=start, **{str(state): count for state, count in ends.items()})


def _errors(minutes: Sequence[Mapping[str, str]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counted in minutes:
        for name, count in counted.items():
            if name.startswith(_CODE):
                total[name.removeprefix(_CODE)] += int(count)
    return dict(total.most_common())
