"""What all records have in common: frozen and typed, the same wherever they are read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)

Milliseconds = Annotated[float, Field(ge=0), AfterValidator(lambda ms: round(ms, 2))]


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC, to the millisecond (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]


class Record(BaseModel):
    """Base of all records: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


R = TypeVar("R", bound=Record)
MOST_UNKNOWN = 20
"""Values of a later version's record that are left out; one with more cannot be shown."""


def restored(model: type[R], data: Any, *, newer: bool = False) -> R:
    """Return a record from what is kept of it; fields that this version does not know are ignored.

    Of one that a ``newer`` version has written, values that this version does not know are left
    out, too: it can be shown, and nothing else.

    Raises:
        pydantic.ValidationError: it is not as we write it.
    """
    for _ in range(MOST_UNKNOWN if newer else 0):
        try:
            return model.model_validate(data, extra="ignore")
        except ValidationError as error:
            _leave_out(data, error.errors()[0]["loc"])
    return model.model_validate(data, extra="ignore")


def restored_json(model: type[R], text: str | bytes) -> R:
    """Return a record from its JSON in the same way.

    Raises:
        pydantic.ValidationError: it is not as we write it.
    """
    return model.model_validate_json(text, extra="ignore")


def _leave_out(data: Any, place: Sequence[int | str]) -> None:
    """Remove the innermost thing at a place that is there."""
    holder, at = None, None
    for step in place:
        try:
            inner = data[step]
        except (LookupError, TypeError):
            break
        holder, at, data = data, step, inner
    if holder is not None:
        del holder[at]


def written(record: Record) -> str:
    """Return the JSON that is kept of a record: without what it says anyway."""
    return record.model_dump_json(exclude_defaults=True)
