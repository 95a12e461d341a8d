"""Which processes are alive: each says so every few seconds, a worker's child once it can work.

With it goes what the process has counted for metrics.
"""

import os
import socket
import threading
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from core.metrics.totals import PENDING
from core.namespace import key
from core.redis_client import reachable

INTERVAL = 2.0
LIFETIME = 10.0
WORKERS = "workers"
WEBHOOKS = "webhooks"


def alive(redis: Redis, who: str = WORKERS) -> set[str]:
    """Return the processes heard from in the last 10 seconds, each as ``host:pid``.

    Raises:
        QueueUnavailable: Redis is away.
    """
    with reachable():
        return {str(name) for name in redis.zrangebyscore(key(who), _now(redis) - LIFETIME, "+inf")}


def alive_here(redis: Redis, who: str = WORKERS) -> bool:
    """Whether a process of this host was heard from in the last 10 seconds.

    Raises:
        QueueUnavailable: Redis is away.
    """
    return any(name.startswith(f"{socket.gethostname()}:") for name in alive(redis, who))


def _now(redis: Redis) -> float:
    """Return the seconds since the epoch by Redis' clock: those of hosts differ."""
    seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1e6


def member(pid: int) -> str:
    """Return what a process of this host is called."""
    return f"{socket.gethostname()}:{pid}"


class Heartbeat(threading.Thread):
    """Says that this process is alive until the process ends."""

    def __init__(self, redis: Redis, who: str = WORKERS) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._redis = redis
        self._key = key(who)
        self._member = member(os.getpid())
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until stopped; a beat that fails is tried again at the next interval.

        A job that takes all memory takes this thread's, too, for a moment.
        """
        while not self._stopped.is_set():
            with suppress(RedisError, MemoryError):
                now = _now(self._redis)
                self._redis.zadd(self._key, {self._member: now})
                PENDING.flush(self._redis)
                self._redis.zremrangebyscore(self._key, "-inf", now - 10 * LIFETIME)
            self._stopped.wait(INTERVAL)

    def stop(self) -> None:
        """Sign off at once, so that nobody waits for the lifetime to run out."""
        self._stopped.set()
        if self.is_alive():
            self.join(INTERVAL)
        with suppress(RedisError):
            self._redis.zrem(self._key, self._member)
