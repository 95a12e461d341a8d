"""What an expansion reads: rows of a listing or of a manifest, and where to go on after each."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.jobs import Options, Problem


@dataclass(frozen=True)
class Row:
    """One key, as a listing or a manifest names it."""

    key: str
    position: str
    """Where to go on after it."""
    left_out: bool = False
    destination: str | None = None
    """Its own, of a manifest."""
    options: Options | None = None
    """Its own, of a manifest."""
    bytes: int | None = None
    etag: str | None = None
    """Of the source; None: not known yet."""
    problem: Problem | None = None
    """Why it can be no job."""


@dataclass(frozen=True)
class Rows:
    """Rows in their order."""

    rows: Sequence[Row]
    last: bool
    """Whether there are none after them."""
