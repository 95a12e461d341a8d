"""Workers, each with some children, and what they share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random

from simpy import Environment, Event

from benchmarks.simulation.cores import Cores
from benchmarks.simulation.queues import Queues
from benchmarks.simulation.servers import Server
from benchmarks.simulation.shape import Shape, SimJob, Steps
from benchmarks.simulation.worker import Worker
from core.jobs import Priority


@dataclass
class Fleet:
    """The service: what is queued, who works, and what has become of each job."""

    env: Environment
    shape: Shape
    rng: Random
    shared_cores: Cores | None = None
    """Of one machine that all workers are on; None: each child has a core of its own."""
    jobs: list[SimJob] = field(default_factory=list)
    ended: int = 0
    running: int = 0
    busy: float = 0.0
    """Seconds that children had a job."""
    lives: float = 0.0
    """Seconds that children could have had one, of workers that are gone."""

    def __post_init__(self) -> None:
        self.queues = Queues[SimJob](self.env)
        self.redis = Server(self.env)
        self.link_in, self.link_out = Server(self.env), Server(self.env)
        self.workers: list[Worker] = []
        self.done: Event = self.env.event()
        self._wanted: int | None = None
        self._more = 0

    def add_worker(self, start_seconds: float | None = None) -> None:
        """Start a worker; it takes jobs when its network is warm."""
        seconds = self.shape.start_seconds if start_seconds is None else start_seconds
        self.workers.append(Worker(self, seconds))

    def submit_all(
        self, moments: Iterable[float], count: int, priorities: Sequence[Priority] = ()
    ) -> None:
        """Have so many jobs come at these moments; ``run`` ends when all of them have ended."""
        self._wanted = count
        self.env.process(self._submitting(islice(moments, count), priorities))

    def keep_full(self, at_a_time: int, count: int) -> None:
        """Have as many jobs there all the time, until so many have ended."""
        self._wanted, self._more = count, count - at_a_time
        for _ in range(min(at_a_time, count)):
            self._submit()

    def run(self, limit: float | None = None) -> None:
        """Go on until all jobs have ended, or so many seconds have passed."""
        until = self.done if limit is None else self.done | self.env.timeout(limit)
        self.env.run(until=until)

    def finish(self, job: SimJob, *, failed: bool = False) -> None:
        """Note that a job has ended.

        Raises:
            RuntimeError: it has before: a fault of the model.
        """
        if job.ended:
            raise RuntimeError("a job has ended twice")
        job.finished, job.failed = self.env.now, failed
        self.ended += 1
        if self._more > 0:
            self._more -= 1
            self._submit()
        if self.ended == self._wanted:
            self.done.succeed()

    def _submitting(self, moments: Iterable[float], priorities: Sequence[Priority]) -> Steps:
        for moment in moments:
            if moment > self.env.now:
                yield self.env.timeout(moment - self.env.now)
            self._submit(self.rng.choice(priorities) if priorities else Priority.NORMAL)

    def _submit(self, priority: Priority = Priority.NORMAL) -> None:
        demand = self.shape.redis
        job = SimJob(self.env.now, priority)
        self.jobs.append(job)
        visit = self.redis.visit(demand.submit, demand.commands / 2)
        self.env.process(self._queued(job, visit))

    def _queued(self, job: SimJob, recorded: Event) -> Steps:
        yield recorded
        self.queues.put(job, job.priority)
