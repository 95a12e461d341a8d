"""The queues in Redis: of each priority, and of jobs that have waited already."""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from simpy import Environment, Event

from core.broker import AGAIN, QUEUES
from core.jobs import Priority
from worker.queue_order import QueueOrder

T = TypeVar("T")
NAMES = (AGAIN, *QUEUES.values())


@dataclass(eq=False)
class Ticket(Generic[T]):
    """A child that waits for a job."""

    event: Event
    order: QueueOrder
    withdrawn: bool = False
    job: T | None = None
    """What the event brings."""

    def give(self, job: T) -> None:
        """Bring a job."""
        self.job = job
        self.event.succeed(job)


class Queues(Generic[T]):
    """Hands jobs to children in the worker's own order; children that wait get them in turn."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._queues: dict[str, deque[T]] = {name: deque() for name in NAMES}
        self._waiting: deque[Ticket[T]] = deque()

    def __len__(self) -> int:
        """Return how many jobs wait."""
        return sum(map(len, self._queues.values()))

    def put(self, job: T, priority: Priority, *, again: bool = False) -> None:
        """Queue a job, or hand it to a child that waits."""
        while self._waiting:
            ticket = self._waiting.popleft()
            if not ticket.withdrawn:
                ticket.order.rotate("")
                ticket.give(job)
                return
        self._queues[AGAIN if again else QUEUES[priority]].append(job)

    def take(self, order: QueueOrder) -> Ticket[T]:
        """Return a ticket whose event brings a job."""
        ticket = Ticket[T](self._env.event(), order)
        if len(self):
            name = next(name for name in order.consume(len(NAMES)) if self._queues[name])
            order.rotate(name)
            ticket.give(self._queues[name].popleft())
        else:
            self._waiting.append(ticket)
        return ticket
