"""The sweep, in every worker's parent process: no job is forgotten, whatever dies."""

import logging
import threading
from collections.abc import Callable, Mapping

from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from core.broker import QUEUES
from core.errors import TintypeError
from core.jobs import Priority
from core.jobs.sweeping import Sweeping
from core.redis_client import reachable

log = logging.getLogger(__name__)
INTERVAL = 1.0


class Sweeper(threading.Thread):
    """Sweeps once a second; of many sweepers, Redis lets one at a time do anything."""

    def __init__(self, redis: Redis, sweeping: Sweeping, publish: Callable[[str], None]) -> None:
        super().__init__(name="sweep", daemon=True)
        self._redis = redis
        self._sweeping = sweeping
        self._publish = publish
        self._stopped = threading.Event()

    def run(self) -> None:
        """Sweep until stopped. What fails is tried again: the jobs stay due."""
        while not self._stopped.wait(INTERVAL):
            try:
                self.sweep()
            except (TintypeError, OperationalError, RedisError, OSError) as error:
                log.warning("the sweep failed and is tried again: %s", error)

    def sweep(self) -> None:
        """Make one pass.

        Raises:
            QueueUnavailable, OperationalError: Redis is away.
        """
        for job_id in self._sweeping.sweep(self._messages()) or ():
            log.info("job %s is queued again", job_id)
            self._publish(job_id)

    def stop(self) -> None:
        """End the thread at its next turn."""
        self._stopped.set()

    def _messages(self) -> Mapping[Priority, int]:
        with reachable():
            pipe = self._redis.pipeline(transaction=False)
            for queue in QUEUES.values():
                pipe.llen(queue)
            return dict(zip(QUEUES, pipe.execute(), strict=True))
