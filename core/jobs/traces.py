"""Which trace jobs and batches are part of, for spans that come after the request."""

from typing import cast

from redis import Redis
from uuid_utils import UUID

from core import tracing
from core.jobs.scripts import key
from core.redis_client import reachable
from core.tracing import TraceContext


class Traces:
    """Reads it where something is traced; else nothing is asked, and nothing found."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def of_job(self, job_id: str) -> TraceContext | None:
        """Return what made a job. One of a batch has none: it has a trace of its own.

        Raises:
            QueueUnavailable: Redis is away.
        """
        return self._of("job", job_id)

    def of_batch(self, batch_id: str | None) -> TraceContext | None:
        """Return what made a batch.

        Raises:
            QueueUnavailable: Redis is away.
        """
        return self._of("batch", batch_id) if batch_id else None

    def _of(self, kind: str, name: str) -> TraceContext | None:
        if not tracing.is_on():
            return None
        with reachable():
            return TraceContext.read(cast(str | None, self._redis.hget(key(kind, name), "trace")))


def own_trace(job_id: str) -> str:
    """Return the id of the trace of a job that no traced request has made.

    A batch of a million photographs would be a trace that nobody can look at.
    """
    return UUID(job_id).hex
