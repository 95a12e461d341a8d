"""What the API answers about batches."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from tintype_client.models import Answer, ObjectRef, Options, Problem


class BatchSource(Answer):
    """The photographs of a batch."""

    bucket: str
    prefix: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    manifest: ObjectRef | None = None


class BatchDestination(Answer):
    """Where the results of a batch go."""

    bucket: str
    prefix: str = ""
    key_template: str = "{path}"


class Counts(Answer):
    """How many keys of a batch are where; ``total`` is the sum of those from ``skipped`` on."""

    listed: int = 0
    left_out: int = 0
    total: int = 0
    skipped: int = 0
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0

    @property
    def done(self) -> int:
        """Keys with nothing left to do."""
        return self.skipped + self.succeeded + self.failed + self.canceled


class Pair(Answer):
    """A photograph and its result."""

    source: str
    destination: str


class Estimate(Answer):
    """What a dry run found out."""

    seconds: float | None = None
    """None if nothing has been measured lately."""
    pairs: tuple[Pair, ...] = ()
    """The first keys."""


class Batch(Answer):
    """A set of jobs made from a prefix or a manifest."""

    id: str
    state: str
    """``expanding``, ``running``, ``paused``, ``succeeded``, ``failed`` or ``canceled``."""
    source: BatchSource
    destination: BatchDestination
    options: Options = Options()
    priority: str = "low"
    on_existing: str = "skip"
    dry_run: bool = False
    expanded: bool = False
    """Whether every key is known."""
    counts: Counts = Counts()
    codes: Mapping[str, int] = Field(default_factory=dict)
    """Failed keys by the code of their error."""
    bytes: int = 0
    """Of the photographs to do, as far as they are known."""
    rate: float | None = None
    """Jobs that ended in a second, lately."""
    eta_seconds: float | None = None
    estimate: Estimate | None = None
    report: Mapping[str, ObjectRef] | None = None
    """Where it is in each format: the list of all keys and what became of them."""
    error: Problem | None = None
    created: datetime
    finished: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing of it is left to do, and its report is there."""
        return self.finished is not None


class Entry(Answer):
    """One key of a batch: a row of its report."""

    key: str
    state: str
    """That of its job, or ``skipped``."""
    result: str | None = None
    code: str | None = None
    detail: str | None = None
    ms: float | None = None
    ambiguity: float | None = None
    job: str | None = None
