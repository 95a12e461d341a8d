"""What the API answers about jobs. Fields that a newer server adds are kept, not refused."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

T = TypeVar("T")
ENDED = ("succeeded", "failed", "canceled")


class Answer(BaseModel):
    """Base of all records: frozen, and open to fields that are not known yet."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())


class ObjectRef(Answer):
    """One object in storage."""

    bucket: str
    key: str

    def __str__(self) -> str:
        """Return the usual short form."""
        return f"s3://{self.bucket}/{self.key}"


class Hint(Answer):
    """A colour that something in the picture has."""

    at: tuple[float, float] | None = None
    """x and y of a point, as shares of the upright picture's width and height."""
    box: tuple[float, float, float, float] | None = None
    """Left, top, right and bottom of a box, as such shares."""
    color: str
    """``#rrggbb``."""


class Options(Answer):
    """How to colorize; what is left out takes the network's or the source's value."""

    model: str | None = None
    temperature: float | None = None
    vividness: float | None = None
    format: str | None = None
    quality: int | None = None
    pages: str | None = None
    """Of a TIFF with several pages: ``first`` or ``all``."""
    private_data: str | None = None
    """Places, serial numbers and maker notes: ``keep`` or ``strip``."""
    proof: str | None = None
    """Of a large photograph's lightness: ``sample`` or ``whole``."""
    force: bool = False
    on_color: str | None = None
    """What to do with a photograph that is in colour already: ``recolor``, ``skip``, ``fail``."""
    saturation: float | None = None
    detail: int | None = None
    upsample: str | None = None
    """``bicubic`` or ``guided``."""
    hints: tuple[Hint, ...] = ()
    reference: ObjectRef | None = None
    variants: int | None = None
    seed: int | None = None
    ambiguity: bool = False
    keep_distribution: bool = False
    """Whether to keep what the network said, for ``redecode``."""


class Problem(Answer):
    """Why something failed: a stable code and a sentence for people."""

    code: str
    detail: str = ""


class ModelRef(Answer):
    """The exact network that made a result."""

    name: str
    digest: str


class Variant(Answer):
    """Another plausible colouring."""

    destination: ObjectRef
    likelihood: float
    """As its logarithm a pixel; that of the likeliest colouring is 0."""


class Timings(Answer):
    """Milliseconds of each stage; None until it has ended."""

    queued_ms: float | None = None
    fetch_ms: float | None = None
    decode_ms: float | None = None
    infer_ms: float | None = None
    compose_ms: float | None = None
    encode_ms: float | None = None
    store_ms: float | None = None


class Fidelity(Answer):
    """How far L*, 0..100, is from the source's, before and after encoding."""

    max_before: float
    mean_before: float
    max_after: float
    mean_after: float


class Job(Answer):
    """One source image, one result, one set of options."""

    id: str
    state: str
    """``queued``, ``running``, ``succeeded``, ``failed`` or ``canceled``."""
    attempt: int
    batch: str | None = None
    """The batch it is one of."""
    source: ObjectRef
    destination: ObjectRef | None = None
    options: Options = Options()
    priority: str = "normal"
    stage: str | None = None
    """While it runs: ``fetch``, ``infer`` or ``store``."""
    worker: str | None = None
    model: ModelRef | None = None
    width: int | None = None
    height: int | None = None
    content_type: str | None = None
    bytes: int | None = None
    etag: str | None = None
    cached: bool = False
    skipped: str | None = None
    """Why there is no result though it has succeeded: ``already_color``."""
    chroma: float | None = None
    variants: tuple[Variant, ...] = ()
    ambiguity: float | None = None
    """How unsure the network is, 0 to 1."""
    ambiguity_map: ObjectRef | None = None
    distribution: ObjectRef | None = None
    """What the network said, for ``redecode``."""
    fidelity: Fidelity | None = None
    timings: Timings = Timings()
    waiting: Problem | None = None
    """Why a queued job was queued again, or cannot start yet."""
    error: Problem | None = None
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether it does not change any more, unless someone retries it."""
        return self.state in ENDED


class Event(Answer):
    """A change of a job, as it happened."""

    id: str
    """What to go on after, as ``last_event_id``."""
    type: str
    """``job.queued``, ``job.running`` …, ``snapshot`` (see ``job``) or ``gap`` (see ``detail``)."""
    job_id: str | None = None
    """None if something is missing (``gap``)."""
    state: str | None = None
    attempt: int | None = None
    stage: str | None = None
    error: Problem | None = None
    at: datetime | None = None
    job: Job | None = None
    """The whole job, of a ``snapshot``."""
    detail: str | None = None

    @property
    def ended(self) -> bool:
        """Whether it tells the end of a job."""
        return self.state in ENDED


class Retried(Answer):
    """What a retry of many jobs has done."""

    retried: int
    more: bool
    """Whether there are more such jobs: ask again."""


class Page(Answer, Generic[T]):
    """A part of a listing."""

    items: tuple[T, ...] = Field(validation_alias=AliasChoices("jobs", "batches", "models"))
    next: str | None = None
    """The cursor of the next page; None on the last one."""


class Model(Answer):
    """A network of the catalogue."""

    name: str
    title: str
    digest: str
    license: str | None = None
    temperature: float | None = None
    vividness: float | None = None
    installed: bool
    """Whether its files are on the API's machine."""
    default: bool


class Readiness(Answer):
    """Whether a job submitted now would be worked on."""

    status: str | int
    """``ok``, or the status of the error."""
    checks: dict[str, str] = {}
    """The parts that a job needs: ``ok``, or the reason why not."""
    warnings: dict[str, str] = {}
    """What works now and may lose jobs later."""
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether every part is there."""
        return self.status == "ok"


Part = Literal["result", "ambiguity", "variant-2", "variant-3", "variant-4", "variant-5"]
"""Of what a job leaves in storage."""
OptionsLike = Options | Mapping[str, Any]
WebhookLike = str | Mapping[str, str | Sequence[str]]
