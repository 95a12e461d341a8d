"""Which processes are alive: each says so every few seconds, a worker's child once it can work.

With it goes what the process has counted for metrics, and what it says of itself.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from core.metrics.totals import PENDING
from core.namespace import key
from core.redis_client import reachable

log = logging.getLogger(__name__)
INTERVAL = 2.0
LIFETIME = 10.0
WORKERS = "workers"
"""Children, which do the work."""
PARENTS = "parents"
WEBHOOKS = "webhooks"


def alive(redis: Redis, who: str = WORKERS) -> set[str]:
    """Return the processes heard from in the last 10 seconds, each as ``host:pid``.

    Raises:
        QueueUnavailable: Redis is away.
    """
    with reachable():
        return {str(name) for name in redis.zrangebyscore(key(who), now(redis) - LIFETIME, "+inf")}


def alive_here(redis: Redis, who: str = WORKERS) -> bool:
    """Whether a process of this host was heard from in the last 10 seconds.

    Raises:
        QueueUnavailable: Redis is away.
    """
    return any(name.startswith(f"{socket.gethostname()}:") for name in alive(redis, who))


def now(redis: Redis) -> float:
    """Return the seconds since the epoch by Redis' clock: those of hosts differ."""
    seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1e6


def member(pid: int) -> str:
    """Return what a process of this host is called."""
    return f"{socket.gethostname()}:{pid}"


def host_of(member: str) -> str:
    """Return the host of a process."""
    return member.rpartition(":")[0]


def pid_of(member: str) -> int:
    """Return the process id; 0 for what is none."""
    pid = member.rpartition(":")[2]
    return int(pid) if pid.isdecimal() and pid.isascii() else 0


def beat_key(member: str) -> str:
    """Return where a process says more of itself."""
    return key("beat", member)


class Heartbeat(threading.Thread):
    """Says that this process is alive until the process ends."""

    def __init__(
        self, redis: Redis, who: str = WORKERS, about: Callable[[], str] | None = None
    ) -> None:
        """``about``: returns what the process says of itself, JSON of a bounded size."""
        super().__init__(name="heartbeat", daemon=True)
        self._redis = redis
        self._who = who
        self._about = about
        self._member = member(os.getpid())
        self._speechless = False
        self._stopped = threading.Event()

    def run(self) -> None:
        """Beat until stopped; a beat that fails is tried again at the next interval.

        A job that takes all memory takes this thread's, too, for a moment.
        """
        while not self._stopped.is_set():
            with suppress(RedisError, MemoryError):
                self.beat()
            self._stopped.wait(INTERVAL)

    def beat(self) -> None:
        """Beat once.

        Raises:
            RedisError: Redis is away.
        """
        at = now(self._redis)
        pipe = self._redis.pipeline(transaction=True)
        pipe.zadd(key(self._who), {self._member: at})
        pipe.zremrangebyscore(key(self._who), "-inf", at - 10 * LIFETIME)
        if said := self._said():
            pipe.set(beat_key(self._member), said, px=round(LIFETIME * 1000))
        pipe.execute()
        PENDING.flush(self._redis)

    def _said(self) -> str | None:
        """Return what the process says of itself; None if it cannot: it is alive all the same."""
        try:
            return self._about() if self._about else None
        except Exception:
            if not self._speechless:
                self._speechless = True
                log.exception("this process cannot say what it does; nobody will see it")
            return None

    def stop(self) -> None:
        """Sign off at once, so that nobody waits for the lifetime to run out."""
        self._stopped.set()
        if self.is_alive():
            self.join(INTERVAL)
        with suppress(RedisError):
            self._redis.zrem(key(self._who), self._member)
            self._redis.delete(beat_key(self._member))
