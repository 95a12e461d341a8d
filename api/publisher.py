"""Sending tasks by name, without the worker's code."""

from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.broker import COLORIZE_TASK, QUEUE, celery_settings
from core.errors import QueueUnavailable
from core.settings import Settings


class Publisher:
    """Puts job ids into the queue."""

    def __init__(self, settings: Settings) -> None:
        self._app = Celery("tintype-api", set_as_current=False)
        self._app.conf.update(celery_settings(settings))

    def publish(self, job_id: str) -> None:
        """Queue a job that has been recorded.

        Raises:
            QueueUnavailable: Redis is away.
        """
        try:
            self._app.send_task(COLORIZE_TASK, args=[job_id], queue=QUEUE, task_id=job_id)
        except (OperationalError, RedisError, OSError) as error:
            raise QueueUnavailable(f"the job cannot be queued: {error}") from error
