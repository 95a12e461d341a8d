"""How receivers share the threads: each has its lane, so a slow one holds up nobody else."""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

AT_ONCE = 4
"""Tries of one receiver that may run at the same time."""
FIRST_TOOK = 0.1
LONGEST_WAIT = 30.0


@dataclass
class _Lane:
    running: int = 0
    took: float = FIRST_TOOK
    """Seconds of the last try."""
    turn: float = 0.0
    """When the last one that was sent away may come back."""


class Lanes:
    """Lets so many tries at a receiver in, and tells the others when to come back.

    They come back one by one, as fast as the receiver has been of late. Safe to share between
    threads.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}
        self._lock = Lock()

    def enter(self, receiver: str) -> float:
        """Return 0 if a try may begin, else in how many seconds to ask again."""
        with self._lock:
            lane = self._lanes.setdefault(receiver, _Lane())
            if lane.running < AT_ONCE:
                lane.running += 1
                return 0
            now = monotonic()
            lane.turn = min(max(now, lane.turn) + lane.took / AT_ONCE, now + LONGEST_WAIT)
            return lane.turn - now

    def leave(self, receiver: str, took: float) -> None:
        """Note the end of a try that took some seconds; an empty lane is forgotten."""
        with self._lock:
            lane = self._lanes[receiver]
            lane.running -= 1
            lane.took = took
            if not lane.running:
                del self._lanes[receiver]
