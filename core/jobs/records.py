"""Job records: frozen, typed, the same for the API, the workers and the store."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    field_serializer,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from core.errors import DestinationIsSource
from core.jobs.base import Milliseconds, Record, rfc3339
from core.jobs.options import Options
from core.objects import ObjectRef
from core.webhook_urls import check_webhook_url

Chroma = Annotated[float, Field(ge=0), AfterValidator(lambda chroma: round(chroma, 2))]
Ambiguity = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda share: round(share, 4))]
Lightness = Annotated[float, Field(ge=0), AfterValidator(lambda value: round(value, 3))]
FinalState = Literal["succeeded", "failed", "canceled"]


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
    distribution: ObjectRef | None = None
    """What the network said of the source in an earlier job: it does not run again."""

    @model_validator(mode="after")
    def _source_is_never_overwritten(self) -> Self:
        if self.destination == self.source:
            raise DestinationIsSource("destination and source are the same object; name another")
        return self


class Timings(Record):
    """Milliseconds per stage; null until the stage has ended.

    Composing and encoding include measuring the lightness of what they made.
    """

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


class Variant(Record):
    """Another plausible colouring."""

    destination: ObjectRef
    likelihood: float
    """Of the colouring, as its logarithm a pixel; that of the likeliest is 0."""


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
    variants: tuple[Variant, ...] = ()
    ambiguity: Ambiguity | None = None
    ambiguity_map: ObjectRef | None = None
    distribution: ObjectRef | None = None
    fidelity: Fidelity | None = None
    timings: Timings

    @property
    def beside(self) -> tuple[ObjectRef, ...]:
        """Other objects that belong to the result."""
        found = (*(each.destination for each in self.variants),)
        return (*found, *(ref for ref in (self.ambiguity_map, self.distribution) if ref))


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
    distribution: ObjectRef | None = None
    """What the network said: taken from there as asked for, or kept there."""
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
    variants: tuple[Variant, ...] = ()
    """Other colourings, the likeliest first, if ``variants`` asked for some."""
    ambiguity: Ambiguity | None = None
    """How unsure the network is, 0 to 1, if ``ambiguity`` had it measured."""
    ambiguity_map: ObjectRef | None = None
    """A picture of where it is unsure, PNG."""
    fidelity: Fidelity | None = None
    """What was measured of the result's lightness."""
    timings: Timings = Timings()
    waiting: Problem | None = None
    """Why it is queued again, or cannot start yet."""
    error: Problem | None = None
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None
    owner: SkipJsonSchema[Annotated[str | None, Field(exclude=True)]] = None
    """Whose it is, where keys are in use; clients are not told."""

    @field_serializer("created", "started", "finished")
    def _rfc3339(self, moment: datetime | None) -> str | None:
        return None if moment is None else rfc3339(moment)


def read_by(order: JobRequest | Job) -> tuple[ObjectRef, ...]:
    """Return all objects that a job reads, its source first."""
    more = (order.distribution, order.options.reference)
    return (order.source, *(ref for ref in more if ref))
