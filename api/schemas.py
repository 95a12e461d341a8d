"""What goes over the wire beside the records of ``core.jobs``."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.jobs import Job, Options, Priority, State, Webhook
from core.objects import ObjectRef

Part = Literal["result", "source", "ambiguity", "variant-2", "variant-3", "variant-4", "variant-5"]
MOST_OF_BEGINNING = 1024 * 1024
Code = Annotated[str | None, Field(pattern="^[a-z_]{1,64}$")]


class ListQuery(BaseModel):
    """Query of ``GET /v1/jobs``."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[State | None, Field(description="Only jobs in this state.")] = None
    code: Annotated[Code, Field(description="Only jobs that failed with this code.")] = None
    key: Annotated[
        str | None,
        Field(min_length=1, max_length=1024, description="Only jobs whose source's key has this."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Jobs on a page.")] = 50
    cursor: Annotated[str | None, Field(description="The 'next' of an earlier page.")] = None

    @model_validator(mode="after")
    def _only_failed_jobs_have_a_code(self) -> Self:
        if self.code and self.state not in (None, State.FAILED):
            raise ValueError("a code goes with the state 'failed' alone")
        return self


class RetryFilter(BaseModel):
    """Which failed jobs to queue again."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[Code, Field(description="Only those that failed with this code.")] = None
    limit: Annotated[int, Field(ge=1, le=10_000, description="At most so many.")] = 1000


class Retried(BaseModel):
    """What a retry of many has done."""

    retried: int
    more: bool
    """Whether there are more such jobs: ask again."""


class RefusedEvent(BaseModel):
    """A bucket event that a rule matches and that cannot become a job, or cannot be read."""

    key: str
    """As far as it is known."""
    code: str
    """Stable; match on it."""
    detail: str


class EventAnswer(BaseModel):
    """What came of a bucket's notification."""

    jobs: list[str]
    """Ids of the jobs, also of those that an earlier delivery of the same event has made."""
    ignored: int
    """Events of other kinds, without a rule, or of results."""
    refused: list[RefusedEvent]


class ResultQuery(BaseModel):
    """Query of ``GET /v1/jobs/{id}/result``."""

    model_config = ConfigDict(extra="forbid")

    download: Annotated[bool, Field(description="Send the bytes instead of a redirect.")] = False
    part: Annotated[
        Part,
        Field(description="The result, another variant, the map of ambiguity, or the source."),
    ] = "result"
    inline: Annotated[
        bool, Field(description="Send the bytes for a page to show; it has to be such an image.")
    ] = False
    bytes: Annotated[
        int | None,
        Field(ge=16, le=MOST_OF_BEGINNING, description="Send only so many, from the beginning."),
    ] = None

    @model_validator(mode="after")
    def _an_image_is_shown_whole(self) -> Self:
        if self.inline and (self.bytes or self.download):
            raise ValueError("inline goes neither with bytes nor with download")
        return self


class Redecode(BaseModel):
    """What a finished job is decoded to anew; ``options`` that are left out stay as they were."""

    model_config = ConfigDict(extra="forbid", strict=True)

    options: Options = Options()
    destination: ObjectRef | None = None
    """Left out: a key of its own below ``colorized/``."""
    priority: Priority = Priority.HIGH
    webhook: Webhook | None = None

    @model_validator(mode="after")
    def _the_network_does_not_run(self) -> Self:
        if odd := self.options.model_fields_set & {"model", "detail"}:
            raise ValueError(f"{', '.join(sorted(odd))} cannot change without running the network")
        return self


class JobPage(BaseModel):
    """A page of jobs, newest first."""

    jobs: list[Job]
    next: str | None
    """The cursor of the next page; null on the last one."""


class ModelInfo(BaseModel):
    """A network of the catalogue."""

    name: str
    title: str
    family: str
    license: str
    paper: str | None
    digest: str
    input_size: int
    temperature: float
    vividness: float
    installed: bool
    """Whether its files are on the API's machine."""
    default: bool


class ModelList(BaseModel):
    """The catalogue."""

    models: list[ModelInfo]


class Health(BaseModel):
    """The process answers."""

    status: str


class Readiness(BaseModel):
    """The parts that a job needs: ``ok``, or the reason why not."""

    status: str
    checks: dict[str, str]
    warnings: dict[str, str]
    """What works now and may lose jobs later."""


class ProblemDocument(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    """Stable; match on it."""
    detail: str
    errors: list[dict[str, str]] | None = None
    """What is wrong with which field, if something in the request is."""
    checks: dict[str, str] | None = None
    """Of ``/readyz``."""
