"""Queueing jobs from a worker."""

from collections.abc import Iterable

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.broker import QUEUES, message, sending
from core.errors import QueueUnavailable
from core.jobs import Priority


class Publisher:
    """Puts job ids into the queue of a priority."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def __call__(self, job_ids: Iterable[str], priority: Priority) -> None:
        """Queue jobs that have been recorded.

        Raises:
            QueueUnavailable: Redis is away; some may be queued.
        """
        try:
            with self._app.producer_or_acquire() as producer:
                for job_id in job_ids:
                    with sending(job_id, QUEUES[priority]):
                        self._app.send_task(**message(job_id, QUEUES[priority]), producer=producer)
        except (OperationalError, RedisError, OSError) as error:
            raise QueueUnavailable(f"jobs cannot be queued: {error}") from error
