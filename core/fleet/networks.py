"""Where the networks are that a worker has not."""

import time
from collections.abc import Callable
from enum import StrEnum

from redis import Redis

from core import heartbeats
from core.fleet.reading import read_beats
from core.fleet.records import ChildBeat, ParentBeat

REMEMBERED = 5.0
"""Seconds for which an answer holds: a batch may ask for each of a million rows."""


class Whereabouts(StrEnum):
    """Who has a network."""

    NOWHERE = "nowhere"
    IDLE = "idle"
    """Only workers that are drained or stop."""
    AT_WORK = "at_work"


class Networks:
    """What the live workers of other hosts and parents have. Threads may share it."""

    def __init__(
        self, redis: Redis, parent: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``parent``: the caller's own, as ``host:pid``; what its children say does not count."""
        self._redis = redis
        self._parent = parent
        self._clock = clock
        self._known: dict[str, Whereabouts] = {}
        self._asked = float("-inf")

    def find(self, name: str) -> Whereabouts:
        """Say where a network is.

        Raises:
            QueueUnavailable: Redis is away.
        """
        if self._clock() - self._asked >= REMEMBERED:
            self._known = self._look()
            self._asked = self._clock()
        return self._known.get(name, Whereabouts.NOWHERE)

    def _look(self) -> dict[str, Whereabouts]:
        parents = read_beats(self._redis, heartbeats.PARENTS, ParentBeat)
        children = read_beats(self._redis, heartbeats.WORKERS, ChildBeat)
        idle: dict[str, Whereabouts] = {}
        at_work: dict[str, Whereabouts] = {}
        for member, beat in children.items():
            if beat is None:
                continue
            name = f"{heartbeats.host_of(member)}:{beat.parent}"
            if name == self._parent:
                continue
            parent = parents.get(name)
            if parent and parent.draining:
                idle |= dict.fromkeys(beat.models, Whereabouts.IDLE)
            else:
                at_work |= dict.fromkeys(beat.models, Whereabouts.AT_WORK)
        return idle | at_work
