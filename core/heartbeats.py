"""Which workers are alive: each child with a loaded network says so every few seconds."""

import os
import socket
import threading
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from core.redis_client import reachable

INTERVAL = 2.0
LIFETIME = 10.0
KEY = "tintype:workers"


def alive(redis: Redis) -> set[str]:
    """Return the children heard from in the last 10 seconds, each as ``host:pid``.

    Raises:
        QueueUnavailable: Redis is away.
    """
    with reachable():
        return {str(name) for name in redis.zrangebyscore(KEY, _now(redis) - LIFETIME, "+inf")}


def _now(redis: Redis) -> float:
    """Return the seconds since the epoch by Redis' clock: those of hosts differ."""
    seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1e6


def member(pid: int) -> str:
    """Return what a child of this host is called."""
    return f"{socket.gethostname()}:{pid}"


class Heartbeat(threading.Thread):
    """Says that this process is alive until the process ends."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._redis = redis
        self._member = member(os.getpid())
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until stopped; a beat that Redis misses is tried again at the next interval."""
        while not self._stopped.is_set():
            with suppress(RedisError):
                now = _now(self._redis)
                self._redis.zadd(KEY, {self._member: now})
                self._redis.zremrangebyscore(KEY, "-inf", now - 10 * LIFETIME)
            self._stopped.wait(INTERVAL)

    def stop(self) -> None:
        """Sign off at once, so that nobody waits for the lifetime to run out."""
        self._stopped.set()
        if self.is_alive():
            self.join(INTERVAL)
        with suppress(RedisError):
            self._redis.zrem(KEY, self._member)
