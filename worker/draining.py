"""Stopping a worker: what is not finished in time is given back to the queue."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

log = logging.getLogger(__name__)
SIGNAL = signal.SIGUSR2
"""From the parent to its children; SIGUSR1 is Celery's own, for the soft time limit."""


class Drained(Exception):
    """Raised in a job whose worker has to stop; not the job's fault."""


class Stopping:
    """In a child: whether the worker has to stop, which interrupts the job in hand."""

    def __init__(self) -> None:
        self.asked = False
        self._working = False

    def listen(self) -> None:
        """Have the parent's signal heard by this process; its main thread raises Drained."""
        signal.signal(SIGNAL, self._on_signal)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let the signal raise Drained in this block.

        Raises:
            Drained: the signal came before.
        """
        self._working = True
        try:
            if self.asked:
                raise Drained
            yield
        finally:
            self._working = False

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        if self._working:
            raise Drained


class Drain:
    """Lets a worker's children finish for some seconds, then has them give back their jobs."""

    def __init__(self, seconds: float, children: Callable[[], Iterable[int]]) -> None:
        self._seconds = seconds
        self._children = children

    def begin(self) -> None:
        """Start the clock."""
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()

    def _end(self) -> None:
        log.warning("jobs that run are given back to the queue: the worker has to stop")
        for pid in self._children():
            with suppress(ProcessLookupError):
                os.kill(pid, SIGNAL)
