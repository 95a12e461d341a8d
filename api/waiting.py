"""Waiting for a job on behalf of a client that asked for it."""

import threading
import time
from collections.abc import Iterator

from core.jobs import Job, JobStore

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.2


class Waiters:
    """Lets a bounded number of requests wait, so that others still find a thread."""

    def __init__(self, most: int) -> None:
        self._slots = threading.BoundedSemaphore(most)

    def wait(self, jobs: JobStore, job: Job, seconds: float) -> tuple[Job, bool]:
        """Return the job when it has ended or when the time is over, and whether it was waited for.

        With no slot free, return it at once: a preference may be ignored (RFC 7240).

        Raises:
            QueueUnavailable: Redis went away.
        """
        if seconds <= 0 or not self._slots.acquire(blocking=False):
            return job, False
        try:
            deadline = time.monotonic() + seconds
            for pause in _pauses():
                left = deadline - time.monotonic()
                if job.state.final or left <= 0:
                    break
                time.sleep(min(pause, left))
                job = jobs.get(job.id)
        finally:
            self._slots.release()
        return job, True


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.3, LONGEST_PAUSE)
