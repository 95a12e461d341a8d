"""KEDA, and the autoscaler of Kubernetes that it feeds: how many workers are wanted when."""

from collections import deque
from dataclasses import dataclass
from math import ceil

from benchmarks.simulation.fleet import Fleet
from benchmarks.simulation.shape import Steps


@dataclass(frozen=True)
class Keda:
    """As the Helm chart has it; what it leaves out, as Kubernetes has it."""

    target: float
    """Jobs that wait and run, for each worker."""
    least: int = 1
    most: int = 100
    polling_seconds: float = 15.0
    """Between looks of KEDA itself, which alone starts the first worker."""
    sync_seconds: float = 15.0
    """Between looks of the autoscaler."""
    stabilization_seconds: float = 300.0
    """So long the largest number asked for holds before workers end."""
    tolerance: float = 0.1
    """Change that is too small to act on."""
    step_workers: int = 4
    """It adds so many in a step, or as many as there are, whichever is more."""
    fewer_workers: int = 1
    """It drains so many in a minute, or so large a share, whichever is more."""
    fewer_share: float = 0.25
    fewer_seconds: float = 60.0
    pod_seconds: float = 5.0
    """Until the process of a new worker starts, on a node that has the image."""


@dataclass(frozen=True)
class Moment:
    """What was to be seen at a moment."""

    at: float
    waiting: int
    running: int
    workers: int
    """That have not been asked to stop."""
    ready: int
    """Workers whose network is warm."""


class Scaler:
    """Starts and drains workers of a fleet."""

    def __init__(self, fleet: Fleet, keda: Keda, look_seconds: float = 1.0) -> None:
        self._fleet = fleet
        self._env = fleet.env
        self._keda = keda
        self._wanted: deque[tuple[float, int]] = deque()
        self._drained: deque[float] = deque()
        self.moments: list[Moment] = []
        for _ in range(keda.least):
            fleet.add_worker(0)
        self._env.process(self._syncing())
        if not keda.least:
            self._env.process(self._activating())
        self._env.process(self._looking(look_seconds))

    @property
    def _staying(self) -> int:
        return sum(not worker.draining for worker in self._fleet.workers)

    @property
    def _metric(self) -> int:
        return len(self._fleet.queues) + self._fleet.running

    def _activating(self) -> Steps:
        while True:
            yield self._env.timeout(self._keda.polling_seconds)
            if not self._staying and self._metric:
                self._scale_to(1)

    def _syncing(self) -> Steps:
        while True:
            yield self._env.timeout(self._keda.sync_seconds)
            if self._staying:
                self._scale_to(self._stabilized(self._desired()))

    def _desired(self) -> int:
        """Return the workers for what there is to do, as the autoscaler's formula has it."""
        keda, now = self._keda, self._staying
        ratio = self._metric / (keda.target * now)
        wanted = now if abs(ratio - 1) <= keda.tolerance else ceil(self._metric / keda.target)
        return max(keda.least, min(keda.most, wanted, now + max(now, keda.step_workers)))

    def _stabilized(self, wanted: int) -> int:
        now = self._env.now
        self._wanted.append((now, wanted))
        while self._wanted[0][0] < now - self._keda.stabilization_seconds:
            self._wanted.popleft()
        staying = self._staying
        if wanted >= staying:
            return wanted
        return min(staying, max(self._fewest(), *(each for _, each in self._wanted)))

    def _fewest(self) -> int:
        """Return how many workers have to stay for now, whatever is wanted."""
        keda, now = self._keda, self._env.now
        while self._drained and self._drained[0] <= now - keda.fewer_seconds:
            self._drained.popleft()
        before = self._staying + len(self._drained)
        return before - max(keda.fewer_workers, int(before * keda.fewer_share))

    def _scale_to(self, wanted: int) -> None:
        for _ in range(wanted - self._staying):
            self._fleet.add_worker(self._keda.pod_seconds + self._fleet.shape.start_seconds)
        # The newest go first, as a ReplicaSet has it.
        staying = [worker for worker in self._fleet.workers if not worker.draining]
        for worker in staying[wanted:][::-1]:
            worker.drain()
            self._drained.append(self._env.now)

    def _looking(self, seconds: float) -> Steps:
        while True:
            ready = sum(worker.ready for worker in self._fleet.workers)
            waiting, running = len(self._fleet.queues), self._fleet.running
            self.moments.append(Moment(self._env.now, waiting, running, self._staying, ready))
            yield self._env.timeout(seconds)
