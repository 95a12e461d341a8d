"""One attempt at a job, in a child."""

from typing import TYPE_CHECKING

from benchmarks.simulation.servers import Server
from benchmarks.simulation.shape import VISITS, SimJob, Steps
from worker.patience import HICCUP

if TYPE_CHECKING:
    from benchmarks.simulation.fleet import Fleet


class StorageDown(Exception):
    """Storage has failed for longer than a job waits in its slot."""


class Attempt:
    """What a child does with a job; it may be interrupted anywhere."""

    def __init__(self, fleet: "Fleet", job: SimJob) -> None:
        self._fleet = fleet
        self._env = fleet.env
        self._job = job

    def run(self) -> Steps:
        """Fetch, compute, store.

        Raises:
            StorageDown: the job has to wait in the queue.
        """
        fleet, job = self._fleet, self._job
        shape, work = fleet.shape, fleet.rng.choice(fleet.shape.works)
        visit = shape.redis.run / VISITS
        commands = shape.redis.commands / 2 / VISITS
        # What was measured between jobs has Redis' own part, without anybody before one.
        between = max(0.0, work.between - shape.redis.run)
        yield fleet.redis.visit(visit, commands)
        yield fleet.redis.visit(visit, commands)
        job.attempt += 1
        job.started = self._env.now
        if job.first_started is None:
            job.first_started = job.started
        if shape.sharing.aside and fleet.shared_cores:
            fleet.shared_cores.work(shape.sharing.aside)
        yield from self._storage(work.fetch)
        yield from self._moved(fleet.link_in, shape.bytes_in)
        yield fleet.redis.visit(visit, commands)
        yield from self._spend(work.compute, shape.sharing.compute)
        yield fleet.redis.visit(visit, commands)
        yield from self._storage(work.store)
        yield from self._moved(fleet.link_out, shape.bytes_out)
        yield fleet.redis.visit(visit, commands)
        fleet.finish(job)
        yield from self._spend(between, shape.sharing.around)

    def _storage(self, seconds: float) -> Steps:
        """Ask storage, again and again for a second while it fails."""
        errors, began = self._fleet.shape.failures.storage_errors, self._env.now
        while errors and self._fleet.rng.random() < errors:
            if self._env.now - began > HICCUP:
                raise StorageDown
            yield self._env.timeout(self._fleet.rng.uniform(0, 0.5))
        yield from self._spend(seconds, self._fleet.shape.sharing.around)

    def _moved(self, link: Server, size: float) -> Steps:
        if self._fleet.shape.bandwidth and size:
            yield link.visit(size / self._fleet.shape.bandwidth)

    def _spend(self, seconds: float, share: float) -> Steps:
        """Let time pass, of which a share is a core's work."""
        cores = self._fleet.shared_cores
        if cores is None:
            yield self._env.timeout(seconds)
            return
        if share:
            yield cores.work(seconds * share)
        if share < 1:
            yield self._env.timeout(seconds * (1 - share))
