"""Keeping the lease of the job in hand, whatever the job's own thread is doing."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context

from core.errors import QueueUnavailable
from core.jobs import Attempt, Attempts
from core.jobs.attempts import RENEW_SECONDS


class LeaseKeeper(threading.Thread):
    """Renews the lease of one attempt at a time, for as long as a job may take."""

    def __init__(self, attempts: Attempts, longest: float) -> None:
        super().__init__(name="lease", daemon=True)
        self._attempts = attempts
        self._longest = longest
        self._held: tuple[Attempt, float, Context] | None = None

    def run(self) -> None:
        """Renew until the process ends; what fails is tried again at the next turn.

        A job that takes all memory takes this thread's, too, for a moment.
        """
        while True:
            time.sleep(RENEW_SECONDS)
            held = self._held
            if held and time.monotonic() < held[1]:
                with suppress(QueueUnavailable, MemoryError):
                    held[2].run(self._attempts.renew, held[0])

    @contextmanager
    def held(self, attempt: Attempt) -> Iterator[None]:
        """Keep an attempt's lease in this block."""
        # What is logged of the lease has the fields of its job.
        self._held = attempt, time.monotonic() + self._longest, copy_context()
        try:
            yield
        finally:
            self._held = None
