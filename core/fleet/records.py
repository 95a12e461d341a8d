"""What workers say of themselves with each heartbeat, and what is made of it."""

from enum import StrEnum

from core.jobs.base import Moment, Record
from core.jobs.records import Stage

MOST_MODELS = 20
"""Networks that a worker names, so that what it says stays small."""


class ParentBeat(Record):
    """What a worker's parent says; Redis forgets it ten seconds later."""

    name: str
    """As given to ``tintype worker``."""
    version: str
    schema_version: int
    queues: tuple[str, ...]
    """From which it takes messages."""
    obeys: str | None = None
    """The mark of ``tintype drain`` for which it takes none."""
    stopping: bool
    """Whether it was asked to end; it takes none, either."""
    taken: int
    """Messages that it has taken and not done with."""
    since: int
    """Seconds since the epoch, by its own clock."""
    bytes: int
    """Of resident memory."""

    @property
    def draining(self) -> bool:
        """Whether it takes nothing on purpose."""
        return self.stopping or self.obeys is not None


class ChildBeat(Record):
    """What a worker's child says, once its network is loaded."""

    parent: int
    """Process id."""
    engine: str
    model: str
    """The default one."""
    digest: str
    models: tuple[str, ...]
    """Installed ones: jobs may name them."""
    batch: str | None = None
    """Whose step it does."""
    per_minute: int
    """Jobs that it ended within the last minute."""
    since: int
    bytes: int


class WorkerState(StrEnum):
    """What a worker's child does."""

    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    """It ends what it does and takes nothing more."""
    DRAINED = "drained"
    """Nothing is left; it takes nothing."""


class Worker(Record):
    """One child of a worker, with what its parent says."""

    host: str
    pid: int
    parent: int | None
    name: str | None
    """Null while its parent says nothing."""
    version: str | None
    schema_version: int | None
    queues: tuple[str, ...]
    engine: str | None
    """Null, as all that it says, for one of a version that said nothing."""
    model: str | None
    digest: str | None
    models: tuple[str, ...]
    state: WorkerState
    job: str | None
    batch: str | None
    stage: Stage | None
    seconds: float | None
    """Since the job was started."""
    per_minute: int | None
    bytes: int | None
    """Of resident memory."""
    since: Moment | None


class Fleet(Record):
    """All workers that were heard from within ten seconds."""

    workers: tuple[Worker, ...]
    drained: dict[str, Moment]
    """Hosts that are to take nothing, and since when."""
