"""How the API publishes and the workers consume: queue names, task names, Celery's settings."""

import ssl
from contextlib import AbstractContextManager
from typing import Any, Literal
from urllib.parse import quote

from core import schema, tracing
from core.jobs.records import Priority
from core.namespace import NAMESPACE
from core.redis_urls import Mode, RedisUrl, parse_redis_url
from core.servers import tls
from core.settings import Settings

COLORIZE_TASK = "tintype.colorize"
BATCH_TASK = "tintype.batch"
QUEUES = {priority: f"tintype.{priority}" for priority in Priority}
AGAIN = "tintype.again"
"""For jobs of any priority that have waited already: it comes before all others."""
OWN = f"{AGAIN}.{schema.SCHEMA}"
"""For jobs that workers of earlier versions have put aside; they do not look into it."""
BATCHES = "tintype.batches"
"""For steps of batches, which are short."""
EVERYBODYS = (AGAIN, OWN, BATCHES)
"""What every worker consumes, whatever else it does: nobody can leave them to no one."""
MODEL = "tintype.model."
"""What queues begin with into which only workers look that have a network, before its name."""
VISIBILITY_SECONDS = 20
HARD_LIMIT_MARGIN = 10
"""Seconds between the soft limit, which a task can catch, and the kill."""


def celery_settings(settings: Settings) -> dict[str, Any]:
    """Return Celery's configuration; docs/decisions/celery-on-redis.md says why each is there."""
    hard_limit = settings.job_timeout + HARD_LIMIT_MARGIN
    return {
        **_connection(settings),
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
            "global_keyprefix": key_prefix(settings),
            **_sentinels(settings),
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


def key_prefix(settings: Settings) -> str:
    """Return what stands before all of the broker's keys and channels: by default nothing."""
    return "" if settings.redis_namespace == NAMESPACE else f"{settings.redis_namespace}:"


def _connection(settings: Settings) -> dict[str, Any]:
    """Return where the broker is, as Celery takes it."""
    url = parse_redis_url(settings.broker)
    found: dict[str, Any] = {"broker_url": settings.broker}
    if url.mode is Mode.SENTINEL:
        found["broker_url"] = _sentinel_url(url)
    if url.tls:
        found["broker_use_ssl"] = _ssl(settings)
    return found


def _sentinel_url(url: RedisUrl) -> str:
    login = ":".join(quote(url.login.get(part, ""), safe="") for part in ("username", "password"))
    nodes = ((f"[{host}]" if ":" in host else host, port) for host, port in url.nodes)
    return ";".join(f"sentinel://{login}@{host}:{port}/{url.db}" for host, port in nodes)


def _ssl(settings: Settings) -> dict[str, Any]:
    return {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
        **tls(settings).options,
    }


def _sentinels(settings: Settings) -> dict[str, Any]:
    url = parse_redis_url(settings.broker)
    if url.mode is not Mode.SENTINEL:
        return {}
    timeouts = {"socket_timeout": 2, "socket_connect_timeout": 2}
    encrypted = {"ssl": True, **_ssl(settings)} if url.tls else {}
    return {
        "master_name": url.service,
        "sentinel_kwargs": {**timeouts, **encrypted, **url.sentinel_login},
    }


def consumed(settings: Settings) -> list[str]:
    """Return the queues of a worker: those of the priorities that it takes, and everybody's."""
    chosen = {name.strip() for name in settings.queues.split(",")}
    return [*EVERYBODYS, *(queue for priority, queue in QUEUES.items() if priority in chosen)]


def batch_message(batch_id: str) -> dict[str, Any]:
    """Return what ``Celery.send_task`` needs to have a worker look after a batch."""
    return {"name": BATCH_TASK, "args": [batch_id], "queue": BATCHES, "headers": _headers()}


def message(job_id: str, queue: str) -> dict[str, Any]:
    """Return what ``Celery.send_task`` needs to queue a job; it carries the span in hand."""
    return {
        "name": COLORIZE_TASK,
        "args": [job_id],
        "queue": queue,
        "task_id": job_id,
        "headers": _headers(),
    }


def _headers() -> dict[str, Any]:
    """Return what a message says beside the id of its record, which decides."""
    return {schema.HEADER: schema.SCHEMA, **tracing.headers()}


def sending(job_id: str, queue: str) -> AbstractContextManager[tracing.Span]:
    """Return the span in which a job is queued."""
    about = messaging("send", job_id, queue)
    return tracing.span(f"send {queue}", about, kind="producer")


def messaging(operation: Literal["send", "process"], job_id: str, queue: str) -> dict[str, str]:
    """Return attributes by OpenTelemetry's semantic conventions for messaging."""
    return {
        "messaging.system": "celery",
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
        "messaging.destination.name": queue,
        "messaging.message.id": job_id,
        "tintype.job.id": job_id,
    }
