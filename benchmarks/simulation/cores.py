"""Cores that tasks share: with more tasks than cores, each runs as much slower."""

import heapq
from itertools import count

from simpy import Environment, Event


class Cores:
    """Egalitarian processor sharing (Kleinrock 1967), in virtual time: O(log n) a change."""

    def __init__(self, env: Environment, number: float, slowdown: float = 1.0) -> None:
        """``slowdown``: how many times as long a task takes when every core works."""
        self._env = env
        self._slowdown = slowdown
        self._number = number
        self._active: list[tuple[float, int, Event]] = []
        self._served = 0.0
        """Seconds of a core that each task would have got, had it been there from the start."""
        self._at = env.now
        self._order = count()
        self._turn = 0

    def work(self, seconds: float) -> Event:
        """Return the event that a task has got so many seconds of one core."""
        done = self._env.event()
        self._advance()
        heapq.heappush(self._active, (self._served + seconds, next(self._order), done))
        self._plan()
        return done

    @property
    def _speed(self) -> float:
        tasks = len(self._active)
        if not tasks:
            return 0.0
        others = min(1.0, (tasks - 1) / (self._number - 1)) if self._number > 1 else 0.0
        return min(1.0, self._number / tasks) / (1 + (self._slowdown - 1) * others)

    def _advance(self) -> None:
        self._served += (self._env.now - self._at) * self._speed
        self._at = self._env.now

    def _plan(self) -> None:
        """Wake up when the next task is done; earlier plans are void."""
        self._turn += 1
        if not self._active:
            return
        turn = self._turn
        delay = max(0.0, (self._active[0][0] - self._served) / self._speed)
        timeout = self._env.timeout(delay)
        assert timeout.callbacks is not None
        timeout.callbacks.append(lambda _: self._finish(turn))

    def _finish(self, turn: int) -> None:
        if turn != self._turn:
            return
        self._advance()
        # The first is due by its own plan, whatever rounding says.
        self._served = max(self._served, self._active[0][0])
        while self._active and self._active[0][0] <= self._served:
            heapq.heappop(self._active)[2].succeed()
        self._plan()
