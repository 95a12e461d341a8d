"""What all senders' messages come down to: objects that have been written."""

import json
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from pydantic import ValidationError

from core.errors import InvalidEvent, InvalidKey, TintypeError


@dataclass(frozen=True)
class Arrival:
    """An object was written."""

    bucket: str
    key: str
    """As storage knows it: nothing is encoded any more. Not checked yet."""
    write: str
    """The same whenever this write is told of, and another for each write; empty: not known."""


@dataclass(frozen=True)
class Refusal:
    """An event that cannot become a job."""

    key: str
    """As far as it is known."""
    code: str
    detail: str

    @classmethod
    def of(cls, error: TintypeError, key: str = "") -> "Refusal":
        """Say why."""
        return cls(key, error.code, str(error))


@dataclass
class Events:
    """What one message tells."""

    arrivals: list[Arrival] = field(default_factory=list)
    ignored: int = 0
    """Events of other kinds: deletions, restored objects, tags."""
    refused: list[Refusal] = field(default_factory=list)

    def add(self, arrival: Arrival | None) -> None:
        """Take in one event; None is one of another kind."""
        if arrival is None:
            self.ignored += 1
        else:
            self.arrivals.append(arrival)


def identity(*parts: str | int | None) -> str:
    """Return what tells one write from others; empty if all parts are missing."""
    return json.dumps(parts) if any(parts) else ""


def decoded(key: str) -> str:
    """Return a key that came URL-encoded, as forms are (``+`` is a space), decoded once.

    Raises:
        InvalidKey: it is not UTF-8 once decoded.
    """
    try:
        return unquote_to_bytes(key.replace("+", " ")).decode()
    except UnicodeDecodeError as error:
        raise InvalidKey("the object key is not UTF-8") from error


def misread(error: ValidationError) -> InvalidEvent:
    """Return the error that names the fields that are missing or wrong."""
    fields = "; ".join(
        f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)
    )
    return InvalidEvent(f"the event cannot be read: {fields}")
