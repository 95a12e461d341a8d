"""The parts of a batch's report: JSON Lines in storage, written as keys end.

A part is never changed once Redis has its record. When failed keys are tried again, the record says
up to which line they no longer count.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Annotated

from pydantic import Field

from core.batches.records import Entry, EntryState
from core.errors import ReportDamaged
from core.jobs.base import Record, restored_json, written
from core.jobs.options import Options
from core.jobs.records import Job, State


class Line(Entry):
    """An entry, with what it takes to try it again."""

    destination: str | None = None
    """Key at which the result would be; null for what can never be a job."""
    options: Options | None = None
    """Where they are not those of the batch."""

    @property
    def entry(self) -> Entry:
        """What clients are told."""
        return Entry.model_validate(self.model_dump(include=set(Entry.model_fields)))

    @property
    def retriable(self) -> bool:
        """Whether a job can be made of it again."""
        return self.state is EntryState.FAILED and self.destination is not None


class Part(Record):
    """What Redis knows of one part."""

    name: str
    """Of its object in the batch's folder."""
    lines: int
    digest: str
    """SHA-256 of its bytes: a part that someone has changed would have other jobs tried again."""
    void: int = 0
    """Failed keys in so many lines from the top are tried again: later lines count for them."""
    states: Annotated[dict[str, int], Field(default_factory=dict)]
    """Lines that count, by state."""

    @classmethod
    def of(cls, name: str, lines: Iterable[Line], data: bytes) -> "Part":
        """Count lines, of which the object is ``data``."""
        states = Counter(str(line.state) for line in lines)
        digest = sha256(data).hexdigest()
        return cls(name=name, lines=states.total(), digest=digest, states=dict(states))

    def read(self, data: bytes) -> list[Line]:
        """Return the lines of the part's object.

        Raises:
            ReportDamaged: they are not as they were written.
        """
        if sha256(data).hexdigest() != self.digest:
            raise ReportDamaged(f"the part {self.name} of the report was changed in storage")
        return [restored_json(Line, line) for line in data.splitlines()]

    def counted(self, lines: Iterable[Line]) -> Iterator[tuple[int, Line]]:
        """Yield the lines that count, with their numbers."""
        for number, line in enumerate(lines):
            if number >= self.void or not line.retriable:
                yield number, line


def write_lines(lines: Iterable[Line]) -> bytes:
    """Return the object of a part."""
    return "".join(f"{written(line)}\n" for line in lines).encode()


def line_of(job: Job, options: Options) -> Line:
    """Return what the report says of a job of a batch with these options."""
    ms = None
    if job.started and job.finished:
        ms = (job.finished - job.started).total_seconds() * 1e3
    done = job.state is State.SUCCEEDED and not job.skipped
    return Line(
        key=job.source.key,
        state=EntryState.SKIPPED if job.skipped else EntryState(job.state),
        result=job.destination.key if done and job.destination else None,
        code=job.error.code if job.error else job.skipped,
        detail=job.error.detail if job.error else None,
        ms=ms,
        ambiguity=job.ambiguity,
        job=job.id,
        destination=job.destination.key if job.destination else None,
        options=None if job.options == options else job.options,
    )
