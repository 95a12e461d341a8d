"""What a simulated service is like, and a job on its way through it."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from simpy import Event

from benchmarks.simulation.work import Sharing, Work
from core.jobs import Priority

Steps: TypeAlias = Generator[Event, Any, None]
VISITS = 5
"""Times that a worker's child needs Redis for a job: take, start, two stages, the end."""


@dataclass(eq=False)
class SimJob:
    """One job on its way."""

    created: float
    priority: Priority = Priority.NORMAL
    attempt: int = 0
    retries: int = 0
    first_started: float | None = None
    started: float | None = None
    finished: float | None = None
    failed: bool = False

    @property
    def ended(self) -> bool:
        """Whether it succeeded or failed."""
        return self.finished is not None


@dataclass(frozen=True)
class RedisDemand:
    """Seconds of Redis' one core, and commands as it counts them."""

    submit: float = 0.0
    run: float = 0.0
    """Of all that a worker asks for one job."""
    idle: float = 0.0
    """Of a worker that is merely there, in a second."""
    commands: float = 0.0
    """Of a job, submission included."""
    idle_commands: float = 0.0


@dataclass(frozen=True)
class Failures:
    """How often things go wrong."""

    seconds_between_deaths: float | None = None
    """Of one worker, on average; None: they live for ever."""
    storage_errors: float = 0.0
    """Share of the requests to storage that fail and can be tried again."""
    max_attempts: int = 3


@dataclass(frozen=True)
class Shape:
    """What all workers have in common."""

    works: Sequence[Work]
    """Measured jobs, of which each job is one, drawn at random."""
    children: int = 1
    sharing: Sharing = field(default_factory=Sharing)
    redis: RedisDemand = field(default_factory=RedisDemand)
    failures: Failures = field(default_factory=Failures)
    dispatch_seconds: float = 0.0
    """Until a child that waits has got a job."""
    start_seconds: float = 0.0
    """From the start of a worker until its network is warm."""
    bytes_in: float = 0.0
    """Of one job, from storage."""
    bytes_out: float = 0.0
    bandwidth: float | None = None
    """Of the storage for all together, bytes a second each way; None: no limit."""
