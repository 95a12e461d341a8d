"""What goes over the wire about batches, beside their records."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.batches import Batch, BatchState, Entry, EntryState
from core.batches.records import ReportFormat


class BatchQuery(BaseModel):
    """Query of ``GET /v1/batches``."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[BatchState | None, Field(description="Only batches in this state.")] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Batches on a page.")] = 50
    cursor: Annotated[str | None, Field(description="The 'next' of an earlier page.")] = None


class BatchList(BaseModel):
    """A page of batches, newest first."""

    batches: list[Batch]
    next: str | None
    """The cursor of the next page; null on the last one."""


class EntryQuery(BaseModel):
    """Query of ``GET /v1/batches/{id}/jobs``."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[EntryState | None, Field(description="Only keys in this state.")] = None
    sort: Annotated[
        Literal["ambiguity"] | None,
        Field(description="Those that want a review first: the thousand most ambiguous."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Keys on a page.")] = 50
    cursor: Annotated[str | None, Field(description="The 'next' of an earlier page.")] = None

    @model_validator(mode="after")
    def _sorted_ones_have_ended_well(self) -> Self:
        if self.sort and self.state not in (None, EntryState.SUCCEEDED):
            raise ValueError("only succeeded keys have an ambiguity")
        return self


class BatchPage(BaseModel):
    """A page of a batch's keys."""

    jobs: list[Entry]
    next: str | None
    """The cursor of the next page; null on the last one."""


class ReportQuery(BaseModel):
    """Query of ``GET /v1/batches/{id}/report``."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[ReportFormat, Field(description="Of the report.")] = "csv"
    download: Annotated[bool, Field(description="Send the bytes instead of a redirect.")] = False
