"""Sending tasks by name, without the worker's code."""

import logging

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.batches import Batch
from core.broker import QUEUES, batch_message, celery_settings, message, sending
from core.errors import QueueUnavailable
from core.jobs import Job
from core.settings import Settings

log = logging.getLogger(__name__)


class Publisher:
    """Puts job ids into the queue."""

    def __init__(self, settings: Settings) -> None:
        self._app = Celery("tintype-api", set_as_current=False)
        self._app.conf.update(celery_settings(settings))

    def publish(self, job: Job) -> None:
        """Queue a job that has been recorded.

        Raises:
            QueueUnavailable: Redis is away.
        """
        queue = QUEUES[job.priority]
        try:
            with sending(job.id, queue):
                self._app.send_task(**message(job.id, queue))
        except (OperationalError, RedisError, OSError) as error:
            raise QueueUnavailable(f"the job cannot be queued: {error}") from error

    def publish_batch(self, batch: Batch) -> None:
        """Have a worker look after a batch; if Redis is away, the sweep finds it."""
        try:
            self._app.send_task(**batch_message(batch.id))
        except (OperationalError, RedisError, OSError) as error:
            log.warning("batch %s is recorded and will be begun later: %s", batch.id, error)
