"""What a worker's processes say of themselves with their heartbeats."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version

import psutil

from core import schema
from core.fleet.records import ChildBeat, ParentBeat
from worker.engines import Engine

MINUTE = 60.0
MOST_ENDED = 10_000
"""Jobs of a minute that are counted."""


class ChildPresence:
    """Of a child: one thread works, another tells of it."""

    def __init__(self, engine: Engine, models: tuple[str, ...]) -> None:
        """``models``: names of the networks that it has."""
        self._engine = engine
        self._models = models
        self._since = round(time.time())
        self._ended: deque[float] = deque(maxlen=MOST_ENDED)
        self._batch: str | None = None

    def ended(self) -> None:
        """Count a job that has ended, whatever came of it."""
        self._ended.append(time.monotonic())

    @contextmanager
    def stepping(self, batch_id: str) -> Iterator[None]:
        """Say that a step of a batch is done."""
        self._batch = batch_id
        try:
            yield
        finally:
            self._batch = None

    def tell(self) -> str:
        """Return a heartbeat's JSON."""
        model, after = self._engine.model, time.monotonic() - MINUTE
        return ChildBeat(
            parent=os.getppid(),
            engine=self._engine.name,
            model=model.name,
            digest=model.digest,
            models=self._models,
            batch=self._batch,
            per_minute=sum(at > after for at in tuple(self._ended)),
            since=self._since,
            bytes=_resident(),
        ).model_dump_json()


class ParentPresence:
    """Of a parent."""

    def __init__(
        self,
        name: str,
        queues: Callable[[], tuple[str, ...]],
        obeys: Callable[[], str | None],
        taken: Callable[[], int],
    ) -> None:
        """``taken``: returns how many messages it has not done with."""
        self._name = name
        self._queues = queues
        self._obeys = obeys
        self._taken = taken
        self._since = round(time.time())
        self.stopping = False

    def tell(self) -> str:
        """Return a heartbeat's JSON."""
        obeys = self._obeys()
        return ParentBeat(
            name=self._name,
            version=version("tintype"),
            schema_version=schema.SCHEMA,
            queues=() if self.stopping else self._queues(),
            obeys=obeys,
            stopping=self.stopping,
            taken=self._taken(),
            since=self._since,
            bytes=_resident(),
        ).model_dump_json()


def _resident() -> int:
    return int(psutil.Process().memory_info().rss)
