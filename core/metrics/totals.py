"""Counters that only grow, in one hash of Redis: the same whichever process is asked.

Scripts count what they change. What only a process knows is pending in it, and added every few
seconds; of a process that is killed, those seconds are lost.
"""

import os
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from core.namespace import key

TOTALS = "totals"
SOON = 2.0


class Tally:
    """Counts that are still to be added to the totals. Threads may share it."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything; in a fork the lock may be another's for ever."""
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        """Count: field of the totals and how much it grows."""
        with self._lock:
            self._counts.update(counts)

    def take(self) -> Mapping[str, int]:
        """Return what was counted, and count from 0 again."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return counts

    def flush(self, redis: Redis) -> None:
        """Add everything to the totals.

        Raises:
            RedisError: Redis is away; it stays to be added, and counts twice if all that was lost
                is the answer.
        """
        counts = self.take()
        if not counts:
            return
        pipe = redis.pipeline(transaction=True)
        for field, count in counts.items():
            pipe.hincrby(key(TOTALS), field, count)
        try:
            pipe.execute()
        except RedisError:
            self.add(counts)
            raise


PENDING = Tally()
"""What this process has counted."""
os.register_at_fork(after_in_child=PENDING.clear)


class Flusher:
    """Flushes within two seconds of each call, in a thread that then ends."""

    def __init__(self, redis: Redis, tally: Tally = PENDING) -> None:
        self._redis = redis
        self._tally = tally
        self._waiting = threading.Lock()

    def soon(self) -> None:
        """Have what is pending added soon."""
        if self._waiting.acquire(blocking=False):
            timer = threading.Timer(SOON, self._flush)
            timer.daemon = True
            timer.start()

    def _flush(self) -> None:
        self._waiting.release()
        with suppress(RedisError):
            self._tally.flush(self._redis)
