"""How long the broker's lists are: Celery's queues, and what workers have taken from them."""

from collections.abc import Sequence

from redis import Redis

from core.redis_client import reachable

SETTINGS = "TINTYPE_BROKER_URL or TINTYPE_REDIS_URL"
UNACKNOWLEDGED = "unacked"
"""kombu's hash of the messages that workers have taken and not done with."""


class Queues:
    """Some of the queues, in a fixed order."""

    def __init__(
        self, broker: Redis, names: Sequence[str], taken: str = UNACKNOWLEDGED, prefix: str = ""
    ) -> None:
        """``prefix``: what the broker puts before all names, see ``core.broker.key_prefix``."""
        self._redis = broker
        self._prefix = prefix
        self._names = [f"{prefix}{name}" for name in names]
        self._taken = f"{prefix}{taken}"

    def lengths(self) -> Sequence[int]:
        """Return how many messages wait in each queue.

        Raises:
            QueueUnavailable: the broker is away.
        """
        return self.look()[1:]

    def length(self, name: str) -> int:
        """Return how many messages wait in another queue.

        Raises:
            QueueUnavailable: the broker is away.
        """
        with reachable(SETTINGS):
            return int(self._redis.llen(f"{self._prefix}{name}"))

    def look(self) -> Sequence[int]:
        """Return how many messages workers have taken, then the lengths.

        Raises:
            QueueUnavailable: the broker is away.
        """
        with reachable(SETTINGS):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hlen(self._taken)
            for name in self._names:
                pipe.llen(name)
            return [int(length) for length in pipe.execute()]
