"""Finding batches that need a worker, and forgetting those that ended long ago."""

from collections.abc import Sequence

from redis import Redis

from core.jobs.scripts import Scripts, milliseconds
from core.queues import Queues

AT_ONCE = 20
"""Batches in one pass, and messages about batches that wait at the same time."""


class BatchSweeping:
    """One pass after another; sweepers may do it at the same time."""

    def __init__(self, redis: Redis, ttl: float, queue: Queues) -> None:
        self._scripts = Scripts(redis, "sweep", package="core.batches")
        self._arguments = (milliseconds(ttl), AT_ONCE)
        self._queue = queue

    def sweep(self) -> Sequence[str]:
        """Return the batches of which to tell the workers.

        Raises:
            QueueUnavailable: Redis or the broker is away.
        """
        found: Sequence[str] = self._scripts.run("sweep", *self._arguments, *self._queue.lengths())
        return found
