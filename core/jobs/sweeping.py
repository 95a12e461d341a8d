"""Finding jobs that nobody looks after any more."""

from collections.abc import Mapping, Sequence

from redis import Redis

from core.jobs.attempts import TIMED_OUT, WORKER_LOST, Limits
from core.jobs.ending import Told, log_ended
from core.jobs.scripts import Scripts, as_fields, milliseconds
from core.queues import Queues

LOCK_SECONDS = 5.0
AT_ONCE = 200
"""Jobs of one kind in one pass, so that a pass does not hold Redis up."""


class Sweeping:
    """One pass after another; of many sweepers, one at a time does anything."""

    def __init__(self, redis: Redis, limits: Limits, ttl: float, name: str, queues: Queues) -> None:
        """``queues``: of jobs that waited already, then of each priority."""
        self._queues = queues
        self._scripts = Scripts(redis, "sweep", "swept", "claim_newer")
        self._arguments: Sequence[str | int] = (
            name,
            milliseconds(LOCK_SECONDS),
            limits.attempts,
            milliseconds(limits.timeout),
            WORKER_LOST.model_dump_json(),
            TIMED_OUT.model_dump_json(),
            milliseconds(ttl),
            AT_ONCE,
        )

    def sweep(self) -> Mapping[str, str] | None:
        """Return the jobs to publish again, each with the reason; None if another sweeper works.

        Leases that ran out end; jobs whose wait is over, and as many as have lost their message,
        are returned; jobs that ended long ago are forgotten. What ends here is logged.

        Raises:
            QueueUnavailable: Redis or the broker is away.
        """
        # Looked at before the jobs: what is taken meanwhile is missed by nobody.
        messages = self._queues.look()
        found: tuple[list[str], list[Told]] | None = self._scripts.run(
            "sweep", *self._arguments, *messages
        )
        if found is None:
            return None
        again, ended = found
        for told in ended:
            log_ended(told)
        return as_fields(again)

    def claim_newer(self, queue: str) -> Sequence[str]:
        """Return jobs to publish in a queue of this version's own.

        Workers of an earlier version have met them, could not read them, and put them aside. Every
        worker of a version may claim them at the same time.

        Raises:
            QueueUnavailable: Redis or the broker is away.
        """
        messages = self._queues.length(queue)
        found: Sequence[str] = self._scripts.run("claim_newer", messages, AT_ONCE)
        return found

    def done(self) -> None:
        """Say that all that the last pass returned has been published."""
        self._scripts.run("swept", *self._arguments[:2])
