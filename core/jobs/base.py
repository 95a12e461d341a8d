"""What all records have in common: frozen and typed, the same wherever they are read."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

Milliseconds = Annotated[float, Field(ge=0), AfterValidator(lambda ms: round(ms, 2))]


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC, to the millisecond (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Record(BaseModel):
    """Base of all records: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


def written(record: Record) -> str:
    """Return the JSON that is kept of a record: without what it says anyway."""
    return record.model_dump_json(exclude_defaults=True)
