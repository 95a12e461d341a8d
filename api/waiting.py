"""Waiting for a job or a batch on behalf of a client that asked for it."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from api.shares import Shares
from core.batches import Batch
from core.errors import QueueUnavailable
from core.jobs import Job

FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.2
W = TypeVar("W", Job, Batch)


class Waiters:
    """Lets a bounded number of requests wait, so that others still find a thread."""

    def __init__(self, most: int) -> None:
        self._shares = Shares(most)

    def wait(
        self, look: Callable[[str], W], found: W, seconds: float, owner: str = ""
    ) -> tuple[W, bool]:
        """Return a job or batch when it has ended or the time is over, and whether that was done.

        With no thread free for whoever asks, return it at once: a preference may be ignored
        (RFC 7240).

        Raises:
            QueueUnavailable: Redis went away.
        """
        if seconds <= 0 or not self._shares.take(owner):
            return found, False
        try:
            deadline = time.monotonic() + seconds
            for pause in _pauses():
                left = deadline - time.monotonic()
                if found.finished or left <= 0:
                    break
                time.sleep(min(pause, left))
                found = look(found.id)
        finally:
            self._shares.give(owner)
        return found, True

    def wait_for_accepted(
        self, look: Callable[[str], W], found: W, seconds: float, owner: str = ""
    ) -> tuple[W, bool]:
        """Wait as ``wait`` does; if Redis goes away, return what was found.

        Accepted is accepted: another request would make a second one.
        """
        try:
            return self.wait(look, found, seconds, owner)
        except QueueUnavailable:
            return found, False


def applied(waited: bool, wait: float) -> dict[str, str]:
    """Return the header that says that a preference was honoured (RFC 7240)."""
    return {"Preference-Applied": f"wait={wait:.0f}"} if waited else {}


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 1.3, LONGEST_PAUSE)
