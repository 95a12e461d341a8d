"""Queueing jobs from a worker."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.broker import MODEL, QUEUES, message, sending
from core.errors import QueueUnavailable
from core.jobs import Priority


class Publisher:
    """Puts ids into queues; every method raises QueueUnavailable if Redis is away."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def __call__(self, job_ids: Iterable[str], priority: Priority) -> None:
        """Queue jobs that have been recorded; if Redis goes away, some may be queued."""
        with _reachable(), self._app.producer_or_acquire() as producer:
            for job_id in job_ids:
                with sending(job_id, QUEUES[priority]):
                    self._app.send_task(**message(job_id, QUEUES[priority]), producer=producer)

    def job_for(self, model: str, job_id: str) -> None:
        """Queue a job for workers that have a network."""
        with _reachable(), sending(job_id, MODEL + model):
            self._app.send_task(**message(job_id, MODEL + model))


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, RedisError, OSError) as error:
        raise QueueUnavailable(f"jobs cannot be queued: {error}") from error
