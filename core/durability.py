"""Whether Redis will still have the jobs tomorrow."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from core.redis_client import reachable

KEEPING = "noeviction"


def warnings(redis: Redis) -> Mapping[str, str]:
    """Return what about this server's settings can lose jobs, by the name of the setting.

    Servers that refuse ``INFO`` give no warnings.

    Raises:
        QueueUnavailable: Redis is away.
    """
    info: dict[str, Any] = {}
    with reachable(), suppress(ResponseError):
        info = redis.info("persistence") | redis.info("memory")
    found = {}
    if info.get("aof_enabled") == 0:
        found["appendonly"] = (
            "Redis has no append-only file: what it knows is lost when it ends; "
            "set 'appendonly yes'"
        )
    policy = info.get("maxmemory_policy", KEEPING)
    if policy != KEEPING:
        found["maxmemory-policy"] = (
            f"Redis drops keys when memory is short ({policy}): jobs would vanish; "
            f"set 'maxmemory-policy {KEEPING}'"
        )
    return found
