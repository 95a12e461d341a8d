"""The sweep, in every worker's parent process: no job is forgotten, whatever dies."""

import logging
import threading
import time
from collections.abc import Callable

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from core.batches.sweeping import BatchSweeping
from core.broker import AGAIN, OWN
from core.errors import TintypeError
from core.jobs.sweeping import Sweeping

log = logging.getLogger(__name__)
INTERVAL = 1.0


class Sweeper(threading.Thread):
    """Sweeps once a second; of many sweepers, Redis lets one at a time do anything."""

    def __init__(
        self,
        jobs: Sweeping,
        publish_job: Callable[[str, str], None],
        batches: BatchSweeping,
        publish_batch: Callable[[str], None],
    ) -> None:
        super().__init__(name="sweep", daemon=True)
        self._jobs = jobs
        self._publish_job = publish_job
        self._batches = batches
        self._publish_batch = publish_batch

    def run(self) -> None:
        """Sweep until the process ends. What fails is tried again: the jobs stay due."""
        while True:
            time.sleep(INTERVAL)
            try:
                self.sweep()
            except (TintypeError, OperationalError, RedisError, OSError) as error:
                log.warning("the sweep failed and is tried again: %s", error)
            except Exception:
                # Whatever it is: without a sweep, jobs of dead workers would wait for ever.
                log.exception("the sweep failed and is tried again")

    def sweep(self) -> None:
        """Make one pass.

        Raises:
            QueueUnavailable, OperationalError: Redis is away.
        """
        for job_id, why in (self._jobs.sweep() or {}).items():
            log.debug("queued again: %s", why, extra={"job_id": job_id})
            self._publish_job(job_id, AGAIN)
        self._jobs.done()
        for job_id in self._jobs.claim_newer(OWN):
            self._publish_job(job_id, OWN)
        for batch_id in self._batches.sweep():
            self._publish_batch(batch_id)
