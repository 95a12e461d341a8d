"""How the API publishes and the workers consume: queue names, task names, Celery's settings."""

from typing import Any

from core import schema
from core.jobs.records import Priority
from core.settings import Settings

COLORIZE_TASK = "tintype.colorize"
BATCH_TASK = "tintype.batch"
QUEUES = {priority: f"tintype.{priority}" for priority in Priority}
AGAIN = "tintype.again"
"""For jobs that have waited already: it comes before all others."""
OWN = f"{AGAIN}.{schema.SCHEMA}"
"""For jobs that workers of earlier versions have put aside; they do not look into it."""
BATCHES = "tintype.batches"
"""For steps of batches, which are short."""
MODEL = "tintype.model."
"""What queues begin with into which only workers look that have a network, before its name."""
UNACKNOWLEDGED = "unacked"
"""kombu's hash of the messages that workers have taken and not done with."""
VISIBILITY_SECONDS = 20
HARD_LIMIT_MARGIN = 10
"""Seconds between the soft limit, which a task can catch, and the kill."""


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Return Celery's configuration; docs/decisions/celery-on-redis.md says why each is there."""
    hard_limit = settings.job_timeout + HARD_LIMIT_MARGIN
    return {
        "broker_url": settings.redis_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            # A second net: leases bring a job back sooner, and what runs drops a second message.
            "visibility_timeout": VISIBILITY_SECONDS,
            # Whoever dies while it restores messages keeps the others from it for so long.
            "unacked_mutex_expire": 10,
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 5,
        },
        "task_default_queue": QUEUES[Priority.NORMAL],
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_acks_on_timeout": False,
        "task_soft_time_limit": settings.job_timeout,
        "task_time_limit": hard_limit,
        "task_publish_retry_policy": {
            "max_retries": 1,
            "interval_start": 0,
            "interval_step": 0.1,
            "interval_max": 0.1,
        },
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_max_tasks_per_child": 10_000,
        # Loading a large network may take longer than the default of 4 seconds.
        "worker_proc_alive_timeout": 120,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
    }


def batch_message(batch_id: str) -> dict[str, Any]:
    """Return what ``Celery.send_task`` needs to have a worker look after a batch."""
    return {"name": BATCH_TASK, "args": [batch_id], "queue": BATCHES, "headers": _headers()}


def message(job_id: str, queue: str) -> dict[str, Any]:
    """Return what ``Celery.send_task`` needs to queue a job."""
    return {
        "name": COLORIZE_TASK,
        "args": [job_id],
        "queue": queue,
        "task_id": job_id,
        "headers": _headers(),
    }


def _headers() -> dict[str, int]:
    """Return what a message says beside the id of its record, which decides."""
    return {schema.HEADER: schema.SCHEMA}
