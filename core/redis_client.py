"""Connecting to Redis, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from core.errors import QueueUnavailable
from core.tracing.servers import trace_redis


def connect(url: str, patience: float = 2, timeout: float = 2) -> Redis:
    """Return a client that reconnects for about ``patience`` seconds.

    An answer that takes longer than ``timeout`` seconds is an error at once: a second try would
    only wait again, and a change of state must not be sent twice.
    """
    retry = Retry(
        ExponentialWithJitterBackoff(base=0.05, cap=1.0),
        retries=max(1, round(patience / 0.5)),
        supported_errors=(RedisConnectionError,),
    )
    client = Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        socket_keepalive=True,
        health_check_interval=5,
        retry=retry,
        # With them on, a connection that still has an answer to come is used again.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return trace_redis(client)


@contextmanager
def reachable() -> Iterator[None]:
    """Turn the client's errors into ours.

    Raises:
        QueueUnavailable: Redis cannot be reached or refuses.
    """
    try:
        yield
    except RedisError as error:
        raise QueueUnavailable(f"Redis cannot be used: {error}; check TINTYPE_REDIS_URL") from error
