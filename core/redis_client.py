"""Connecting to Redis, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from core.errors import QueueUnavailable


def connect(url: str, patience: float = 2) -> Redis:
    """Return a client that notices dead connections and retries for about ``patience`` seconds."""
    retries = max(1, round(patience / 0.5))
    return Redis.from_url(
        url,
        decode_responses=True,
        socket_timeout=5,
        socket_connect_timeout=2,
        socket_keepalive=True,
        health_check_interval=5,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), retries),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


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
