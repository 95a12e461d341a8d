"""Finding jobs that nobody looks after any more."""

from collections.abc import Mapping, Sequence

from redis import Redis

from core.jobs.attempts import TIMED_OUT, WORKER_LOST, Limits
from core.jobs.records import Priority
from core.jobs.scripts import Scripts

LOCK_SECONDS = 5.0
AT_ONCE = 200
"""Jobs of one kind in one pass, so that a pass does not hold Redis up."""


class Sweeping:
    """One pass after another; of many sweepers, one at a time does anything."""

    def __init__(self, redis: Redis, limits: Limits, ttl: float, name: str) -> None:
        self._scripts = Scripts(redis, "sweep")
        self._limits = limits
        self._ttl = ttl
        self._name = name

    def sweep(self, messages: Mapping[Priority, int]) -> Sequence[str] | None:
        """Return the jobs to publish again; None while another sweeper is at work.

        Leases that ran out end; jobs whose wait is over, and jobs whose message was lost, are
        returned; jobs that ended long ago are forgotten. ``messages`` is how many lie in each
        queue.

        Raises:
            QueueUnavailable: Redis is away.
        """
        counts = (word for priority in Priority for word in (priority, messages[priority]))
        found: list[str] | None = self._scripts.run(
            "sweep",
            self._name,
            round(LOCK_SECONDS * 1000),
            self._limits.attempts,
            round(self._limits.timeout * 1000),
            WORKER_LOST.model_dump_json(),
            TIMED_OUT.model_dump_json(),
            round(self._ttl * 1000),
            AT_ONCE,
            *counts,
        )
        return found
