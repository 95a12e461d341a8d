"""Batch records: what a client asks for, and what becomes of it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from core.errors import DestinationOverlaps
from core.formats import OutputFormat
from core.jobs.base import Milliseconds, Moment, Record
from core.jobs.options import Options
from core.jobs.records import Ambiguity, Priority, Problem, Webhook
from core.key_templates import KeyTemplate, fixed_start, result_key
from core.objects import ObjectRef, check_bucket, check_prefix

MOST_GLOBS = 50
Bucket = Annotated[str, AfterValidator(check_bucket)]
Prefix = Annotated[str, AfterValidator(check_prefix)]
Glob = Annotated[str, Field(min_length=1, max_length=200)]
Globs = Annotated[tuple[Glob, ...], Field(max_length=MOST_GLOBS)]
ReportFormat = Literal["csv", "json"]
REPORT_TYPES: dict[ReportFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
"""Media types."""


class BatchState(StrEnum):
    """Where a batch is. It has ended once ``finished`` is set."""

    EXPANDING = "expanding"
    """A worker still reads the listing or the manifest; jobs run already."""
    RUNNING = "running"
    """Every key is known; jobs are left."""
    PAUSED = "paused"
    """Someone asked for it; what runs ends, nothing new starts."""
    SUCCEEDED = "succeeded"
    """Every key has its result, was skipped, or had its job canceled alone."""
    FAILED = "failed"
    """It could not be expanded to its end, or a job failed; ``error`` says which."""
    CANCELED = "canceled"
    """Someone asked for it; jobs that run may end while ``finished`` is not set."""


class OnExisting(StrEnum):
    """What to do with a photograph whose result is there already."""

    SKIP = "skip"
    """Nothing, if it is of the same source, options and network."""
    OVERWRITE = "overwrite"


class BatchSource(Record):
    """The photographs: those below a prefix, or those that a manifest lists."""

    bucket: Bucket
    prefix: Prefix = ""
    include: Globs = ()
    """Only keys that match one of them, below the prefix's last slash; ``*`` stands for slashes.

    Without any: keys with an ending of an image that can be read.
    """
    exclude: Globs = ()
    manifest: ObjectRef | None = None
    """CSV with a header, or JSON Lines: ``key``, and optionally ``destination`` and ``options``."""

    @model_validator(mode="after")
    def _a_manifest_chooses_by_itself(self) -> Self:
        if self.manifest and (self.include or self.exclude):
            raise ValueError("include and exclude go with a prefix, not with a manifest")
        return self


class BatchDestination(Record):
    """Where the results go: each key is the prefix and the filled template."""

    bucket: Bucket
    prefix: Prefix = ""
    key_template: KeyTemplate = "{path}"

    @property
    def start(self) -> str:
        """What the keys of all results begin with."""
        return self.prefix + fixed_start(self.key_template)

    def key_for(self, source: ObjectRef, below: str, format: OutputFormat | None) -> str:
        """Return the key of a source's result; see ``core.key_templates``."""
        return result_key(self.key_template, self.prefix, source, below, format)

    def beside(self, batch_id: str, name: str) -> ObjectRef:
        """Return an object of a batch's own folder, which lies beside the results."""
        return ObjectRef(bucket=self.bucket, key=f"{self.start}reports/{batch_id}/{name}")


class BatchRequest(Record):
    """What a client asks for."""

    source: BatchSource
    destination: BatchDestination
    options: Options = Options()
    priority: Priority = Priority.LOW
    on_existing: OnExisting = OnExisting.SKIP
    dry_run: bool = False
    """Only count and estimate; no job is made."""
    webhook: Webhook | None = None
    """Told when the batch ends, once; left out: ``TINTYPE_WEBHOOK_URL``, if that is set."""

    @model_validator(mode="after")
    def _results_do_not_lie_among_the_sources(self) -> Self:
        source, destination = self.source, self.destination
        same = source.bucket == destination.bucket and source.manifest is None
        if same and source.prefix.startswith(destination.start):
            raise DestinationOverlaps(
                "the results would lie among the photographs; give the destination a prefix "
                "that the source's does not begin with"
            )
        return self


class Counts(Record):
    """How many keys are where. ``total`` is the sum of the states and of ``skipped``."""

    listed: int = 0
    """Keys, or rows of a manifest, looked at."""
    left_out: int = 0
    """Keys that the globs leave out, or that are results."""
    total: int = 0
    """Photographs found so far; final once ``expanded``."""
    skipped: int = 0
    """Those whose result was there already."""
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0


class Pair(Record):
    """A photograph and its result."""

    source: str
    destination: str


class Estimate(Record):
    """What a dry run found out."""

    seconds: float | None
    """How long the workers of now would take, at the rate measured lately; null if unknown."""
    pairs: tuple[Pair, ...]
    """The first 20 keys."""


class Batch(Record):
    """A set of jobs made from a prefix or a manifest."""

    id: str
    """UUIDv7 (RFC 9562): sorts by time of creation."""
    state: BatchState
    source: BatchSource
    destination: BatchDestination
    options: Options
    priority: Priority
    on_existing: OnExisting
    dry_run: bool
    expanded: bool
    """Whether every key is known."""
    counts: Counts
    codes: dict[str, int]
    """Failed keys by the code of their error."""
    bytes: int
    """Of the photographs to do, as far as they are known."""
    rate: float | None = None
    """Jobs that ended in a second, over the last minute."""
    eta_seconds: float | None = None
    """What is left of it at that rate, once it is expanded."""
    estimate: Estimate | None = None
    """Of a dry run."""
    report: dict[ReportFormat, ObjectRef] | None = None
    """The list of all keys and what became of them, once it has ended."""
    error: Problem | None = None
    created: Moment
    finished: Moment | None = None
    access: SkipJsonSchema[Annotated[str, Field(exclude=True)]] = ""
    """Rules for buckets of whoever has asked for it; see ``core.buckets``."""


Asked = BatchRequest | Batch
"""Whatever says what was asked for."""


class EntryState(StrEnum):
    """Where one key of a batch is: the state of its job, or skipped."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"


class Entry(Record):
    """One key of a batch: a row of its report."""

    key: str
    """Of the source."""
    state: EntryState
    result: str | None = None
    """Key of the result, if there is one."""
    code: str | None = None
    """Of the error; or why there is no result of its own."""
    detail: str | None = None
    ms: Milliseconds | None = None
    """From the start of the last attempt to its end."""
    ambiguity: Ambiguity | None = None
    """How unsure the network was, 0 to 1, if it was measured."""
    job: str | None = None
    """Null for keys that no job was made for."""
