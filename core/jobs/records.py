"""Job records: frozen, typed, the same for the API, the workers and the store."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    field_serializer,
    model_validator,
)

from core.errors import DestinationIsSource
from core.formats import OutputFormat
from core.objects import ObjectRef
from core.webhook_urls import check_webhook_url

Milliseconds = Annotated[float, Field(ge=0), AfterValidator(lambda ms: round(ms, 2))]
Chroma = Annotated[float, Field(ge=0), AfterValidator(lambda chroma: round(chroma, 2))]
Lightness = Annotated[float, Field(ge=0), AfterValidator(lambda value: round(value, 3))]
OnColor = Literal["recolor", "skip", "fail"]
PagesOption = Literal["first", "all"]
PrivateData = Literal["keep", "strip"]
FinalState = Literal["succeeded", "failed", "canceled"]


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC, to the millisecond (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class State(StrEnum):
    """Where a job is. A job ends in exactly one of the last three."""

    QUEUED = "queued"
    """Accepted; no worker has started it, or it waits for its next attempt."""
    RUNNING = "running"
    """A worker holds it; ``attempt`` is that worker's fencing token."""
    SUCCEEDED = "succeeded"
    """The result is in storage at ``destination``; if it was ``skipped``, there is none."""
    FAILED = "failed"
    """It ended without a result; ``error`` says why."""
    CANCELED = "canceled"
    """Someone asked for it to stop before it ended."""

    @property
    def final(self) -> bool:
        """Whether a job in this state never changes again."""
        return self not in (State.QUEUED, State.RUNNING)


class Priority(StrEnum):
    """Which queue a job waits in. Each but the first still gets a share of the workers."""

    HIGH = "high"
    """Someone is waiting for it."""
    NORMAL = "normal"
    LOW = "low"
    """Whole archives."""


class Stage(StrEnum):
    """What a worker is doing with a running job."""

    FETCH = "fetch"
    """Reading the source."""
    INFER = "infer"
    """Decoding, colorizing and encoding."""
    STORE = "store"
    """Writing the result; too late to cancel."""


class Record(BaseModel):
    """Base of all records: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def written(record: Record) -> str:
    """Return the JSON that is kept of a record: without what it says anyway."""
    return record.model_dump_json(exclude_defaults=True)


class Options(Record):
    """How to colorize; what is left out takes the model's or the source's value."""

    model_config = ConfigDict(strict=True)

    model: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    temperature: Annotated[float, Field(ge=0.01, le=1)] | None = None
    """Of the annealed mean: 1 is the mean of all likely colours, towards 0 the likeliest alone."""
    vividness: Annotated[float, Field(ge=0, le=1)] | None = None
    """How much rare colours are favoured: 0 not at all, 1 as much as common ones."""
    format: OutputFormat | None = None
    """Of the result. Left out: the destination's suffix, else the source's format."""
    quality: Annotated[int, Field(ge=1, le=100)] | None = None
    """For JPEG, WebP and AVIF; left out: 92."""
    pages: PagesOption = "first"
    """Of a TIFF with several pages: the first alone, or all, each colorized, as a TIFF."""
    private_data: PrivateData = "keep"
    """Whether the result says where and by which camera of whom the photograph was taken."""
    force: bool = False
    """Do it again, though the same source, options and model have a result already."""
    on_color: OnColor = "recolor"
    """What to do with a photograph that is in colour already: skip it, fail, or recolour it."""

    @model_validator(mode="after")
    def _only_tiff_has_pages(self) -> Self:
        if self.pages == "all" and self.format not in (None, "tiff"):
            raise ValueError("all pages are kept in a TIFF only; leave out format, or pages")
        return self


class Webhook(Record):
    """Where to tell that a job has ended (standardwebhooks.com)."""

    url: Annotated[str, AfterValidator(check_webhook_url)]
    events: Annotated[tuple[FinalState, ...], Field(min_length=1)] = (
        "succeeded",
        "failed",
        "canceled",
    )


class JobRequest(Record):
    """What a client asks for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": {"bucket": "tintype", "key": "scans/1936/harbour.tif"},
                    "destination": {"bucket": "tintype", "key": "colour/1936/harbour.png"},
                    "options": {"temperature": 0.7},
                    "priority": "high",
                    "webhook": {"url": "https://example.org/hooks/tintype", "events": ["failed"]},
                }
            ]
        }
    )

    source: ObjectRef
    destination: ObjectRef | None = None
    """Left out: ``colorized/<source key>.<fingerprint>.<suffix>`` in the source's bucket."""
    options: Options = Options()
    priority: Priority = Priority.NORMAL
    webhook: Webhook | None = None
    """Left out: ``TINTYPE_WEBHOOK_URL``, if that is set."""

    @model_validator(mode="after")
    def _source_is_never_overwritten(self) -> Self:
        if self.destination == self.source:
            raise DestinationIsSource("destination and source are the same object; name another")
        return self


class Timings(Record):
    """Milliseconds per stage; null until the stage has ended."""

    queued_ms: Milliseconds | None = None
    fetch_ms: Milliseconds | None = None
    decode_ms: Milliseconds | None = None
    infer_ms: Milliseconds | None = None
    compose_ms: Milliseconds | None = None
    encode_ms: Milliseconds | None = None
    store_ms: Milliseconds | None = None


class ModelRef(Record):
    """The exact network that made a result."""

    name: str
    digest: str


class Problem(Record):
    """Why a job failed: a stable code and a sentence for people."""

    code: str
    detail: str


class Fidelity(Record):
    """How far L*, 0..100, is from the source's; over the rows that docs/fidelity.md names."""

    max_before: Lightness
    """The largest difference, before the result was encoded."""
    mean_before: Lightness
    max_after: Lightness
    """The same of the file, decoded again."""
    mean_after: Lightness


class JobResult(Record):
    """What a succeeded job left in storage, and how."""

    destination: ObjectRef
    model: ModelRef
    width: int
    height: int
    content_type: str
    bytes: int
    etag: str = ""
    """Of the object, by which it is known again."""
    cached: bool = False
    chroma: Chroma | None = None
    """Of the source, if ``on_color`` had it measured."""
    fidelity: Fidelity | None = None
    timings: Timings


class Skipped(Record):
    """What is kept of a job that succeeded by doing nothing."""

    skipped: str
    """Why: ``already_color``."""
    chroma: Chroma
    width: int
    height: int


class Job(Record):
    """One source image, one result, one set of options."""

    id: str
    """UUIDv7 (RFC 9562): sorts by time of creation."""
    state: State
    attempt: Annotated[int, Field(ge=0)]
    """How often a worker has started it."""
    batch: str | None = None
    """The batch it is one of."""
    source: ObjectRef
    destination: ObjectRef | None
    """As asked for; when left out, known once the job has succeeded."""
    options: Options = Options()
    priority: Priority = Priority.NORMAL
    stage: Stage | None = None
    """While it runs."""
    worker: str | None = None
    """The process that runs it, as ``host:pid``."""
    model: ModelRef | None = None
    width: int | None = None
    height: int | None = None
    content_type: str | None = None
    bytes: int | None = None
    etag: str | None = None
    """Of the result in storage."""
    cached: bool = False
    """Whether an earlier job had made this result already."""
    skipped: str | None = None
    """Why there is no result though the job has succeeded: ``already_color``, see ``on_color``."""
    chroma: Chroma | None = None
    """Colour of the source beyond its tone, if ``on_color`` had it measured."""
    fidelity: Fidelity | None = None
    """What was measured of the result's lightness."""
    timings: Timings = Timings()
    error: Problem | None = None
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None

    @field_serializer("created", "started", "finished")
    def _rfc3339(self, moment: datetime | None) -> str | None:
        return None if moment is None else rfc3339(moment)
