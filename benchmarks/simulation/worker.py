"""One worker: its children take jobs until it drains or dies."""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simpy import Event, Interrupt, Process

from benchmarks.simulation.attempt import Attempt, StorageDown
from benchmarks.simulation.queues import NAMES, Ticket
from benchmarks.simulation.shape import SimJob, Steps
from core.jobs.attempts import LEASE_SECONDS, RENEW_SECONDS
from worker.patience import FIRST_WAIT, LONGEST_WAIT
from worker.queue_order import QueueOrder
from worker.sweeper import INTERVAL as SWEEP_SECONDS

if TYPE_CHECKING:
    from benchmarks.simulation.fleet import Fleet


class Worker:
    """A parent and its children."""

    def __init__(self, fleet: "Fleet", start_seconds: float) -> None:
        self._fleet = fleet
        self._env = fleet.env
        self._start_seconds = start_seconds
        self.ready = False
        self.draining = False
        self.gone = False
        self.running = 0
        self._warm_at = self._env.now
        self._children: list[Process] = []
        self._tickets: dict[Process, Ticket[SimJob]] = {}
        self._life = self._env.process(self._living())

    def drain(self) -> None:
        """Take no more jobs; what runs is finished, then the worker is gone (SIGTERM)."""
        self.draining = True
        for child, ticket in list(self._tickets.items()):
            if not ticket.event.triggered:
                ticket.withdrawn = True
                child.interrupt()
        if not self.ready:
            self._leave()

    def _living(self) -> Steps:
        """Start, work, die at last perhaps, and start again."""
        failures = self._fleet.shape.failures
        while True:
            if self._start_seconds:
                yield self._env.timeout(self._start_seconds)
            if self._is_gone():
                return
            self.ready, self._warm_at = True, self._env.now
            number = self._fleet.shape.children
            self._children = [self._env.process(self._child()) for _ in range(number)]
            if self._fleet.shape.redis.idle:
                self._env.process(self._beating())
            if failures.seconds_between_deaths is None:
                return
            yield self._env.timeout(
                self._fleet.rng.expovariate(1 / failures.seconds_between_deaths)
            )
            if self._is_gone():
                return
            self._die()
            self._start_seconds = self._fleet.shape.start_seconds

    def _is_gone(self) -> bool:
        return self.gone

    def _beating(self) -> Steps:
        """Ask Redis for what a worker asks for while it is merely there."""
        demand = self._fleet.shape.redis
        while self.ready and not self.gone:
            yield self._fleet.redis.visit(demand.idle, demand.idle_commands)
            yield self._env.timeout(1.0)

    def _die(self) -> None:
        """Be killed with all children: leases of their jobs run out."""
        self._account()
        self.ready = False
        for child in self._children:
            if child.is_alive:
                if ticket := self._tickets.get(child):
                    ticket.withdrawn = True
                child.interrupt("killed")
        if self.draining:
            self._leave()

    def _account(self) -> None:
        if self.ready:
            seconds = self._env.now - self._warm_at
            self._fleet.lives += seconds * self._fleet.shape.children

    def _leave(self) -> None:
        if not self.gone:
            self._account()
            self.gone, self.ready = True, False
            self._fleet.workers.remove(self)

    def life_so_far(self) -> float:
        """Return the seconds that its children could have worked since they were warm."""
        return (self._env.now - self._warm_at) * len(self._children) if self.ready else 0.0

    def _child(self) -> Steps:
        order = QueueOrder(NAMES)
        me = self._env.active_process
        assert me is not None
        while not self.draining:
            ticket = self._tickets[me] = self._fleet.queues.take(order)
            waits = not ticket.event.triggered
            try:
                job = yield ticket.event
            except Interrupt:
                # It may have got one in this very moment.
                if job := ticket.job:
                    self._put_back(job)
                break
            finally:
                del self._tickets[me]
            if not (yield from self._attempt(job, waits)):
                return
        if self.draining and not self.running:
            self._leave()

    def _put_back(self, job: SimJob) -> None:
        self._fleet.queues.put(job, job.priority, again=True)

    def _attempt(self, job: SimJob, waited: bool) -> Generator[Event, Any, bool]:
        """Run a job; return whether this child is still alive."""
        fleet, began = self._fleet, self._env.now
        self.running += 1
        fleet.running += 1
        try:
            if waited and fleet.shape.dispatch_seconds:
                yield self._env.timeout(fleet.shape.dispatch_seconds)
            yield from Attempt(fleet, job).run()
        except StorageDown:
            job.retries += 1
            self._env.process(
                self._waiting(job, backoff(job.retries - 1, fleet.rng.uniform(0.5, 1)))
            )
        except Interrupt:
            if not job.ended:
                self._env.process(self._orphaned(job))
            return False
        finally:
            self.running -= 1
            fleet.running -= 1
            fleet.busy += self._env.now - began
        return True

    def _waiting(self, job: SimJob, seconds: float) -> Steps:
        yield self._env.timeout(seconds + self._fleet.rng.uniform(0, SWEEP_SECONDS))
        self._put_back(job)

    def _orphaned(self, job: SimJob) -> Steps:
        """Wait until the lease has run out and the sweep has seen it."""
        held = self._env.now - (job.started if job.started is not None else self._env.now)
        left = LEASE_SECONDS - held % RENEW_SECONDS
        yield self._env.timeout(left + self._fleet.rng.uniform(0, SWEEP_SECONDS))
        if job.attempt >= self._fleet.shape.failures.max_attempts:
            self._fleet.finish(job, failed=True)
        else:
            self._put_back(job)


def backoff(retries: int, jitter: float) -> float:
    """Return the seconds before the next try, as ``worker.patience.backoff`` does."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(retries, 30)) * jitter
