"""What workers do with batches: one step after another, each under a lease.

The number of a step is its fencing token, as that of an attempt is a job's: once another worker has
begun a step, every change under the old number is refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from redis import Redis
from uuid_utils import uuid7

from core.batches.parsing import parse_batch
from core.batches.parts import Part
from core.batches.records import Batch, BatchState
from core.errors import StepOver
from core.jobs.base import written
from core.jobs.ending import log_ended
from core.jobs.records import Problem
from core.jobs.scripts import Scripts, as_fields, milliseconds

LEASE_SECONDS = 30.0
"""Longer than a page of a listing, or a part of the report, takes."""
PART = 1000
"""Keys in a part of the report."""
SOON_SECONDS = 30.0
"""A part is written after so long, though it has fewer."""
LOOK_SECONDS = 2.0
CANCELED_AT_ONCE = 200
SCRIPTS = ("begin", "look", "add", "written", "release", "cancel_jobs", "fail", "rest", "finish")
Kind = Literal["job", "again", "skipped", "failed", "found"]
Position = Literal["cursor", "retrying"]


@dataclass(frozen=True)
class Step:
    """A batch that a worker has taken."""

    batch_id: str
    token: int
    strikes: int
    """Steps in a row that have not come to their end, this one included."""


@dataclass(frozen=True)
class Progress:
    """How far a batch has come."""

    batch: Batch
    cursor: str | None
    """Where its expansion goes on; None: at the beginning."""
    retrying: str | None
    """Where trying failed keys again goes on; None: nowhere."""
    retry_to: int
    """Parts of the report whose failures are tried again."""
    resumed: bool
    """Whether jobs may be held that no longer should."""
    active: int
    """Jobs that have not ended."""
    unwritten: int
    """Keys that have ended and are in no part of the report yet."""
    part_is_due: bool
    room: int
    """How many more jobs may be queued."""

    @property
    def ends(self) -> bool:
        """Whether nothing is left but to write the report."""
        done = (BatchState.RUNNING, BatchState.FAILED, BatchState.CANCELED)
        return self.active == 0 and self.batch.state in done


@dataclass(frozen=True)
class Key:
    """One key to add."""

    kind: Kind
    value: str
    """JSON: the order of a job, a line of the report, or a pair of a dry run."""
    code: str = ""
    """Of the error: of a key that failed, or fails no longer."""
    replaces: str = ""
    """The job that failed before."""
    job: str = field(default_factory=lambda: str(uuid7()))


@dataclass(frozen=True)
class Page:
    """What an expansion found, and where it goes on."""

    keys: Sequence[Key]
    position: str
    last: bool
    listed: int = 0
    left_out: int = 0
    bytes: int = 0
    part: tuple[int, Part] | None = None
    """Number and record of a part whose failures are tried again."""


class Steps:
    """Every method raises QueueUnavailable if Redis is away.

    Those that return no other word for it raise StepOver if another worker has the batch by now.
    """

    def __init__(
        self, redis: Redis, window: int, most_queued: int, lease: float = LEASE_SECONDS
    ) -> None:
        self._window = window
        self._most_queued = most_queued
        self._lease = milliseconds(lease)
        self._scripts = Scripts(redis, *SCRIPTS, package="core.batches")

    def begin(self, batch_id: str) -> Step | None:
        """Take a batch, or return None if another worker has it or there is nothing to do."""
        answer = self._scripts.run("begin", batch_id, self._lease, self._window // 2)
        return Step(batch_id, *map(int, answer)) if answer else None

    def look(self, step: Step) -> Progress:
        """Return how far the batch has come by now."""
        answer = self._kept("look", step, self._window, self._most_queued)
        fields, (active, unwritten, since, room) = as_fields(answer[0]), map(int, answer[1:])
        return Progress(
            batch=parse_batch(step.batch_id, fields),
            cursor=fields.get("cursor"),
            retrying=fields.get("retrying"),
            retry_to=int(fields.get("retry_to", 0)),
            resumed="resumed" in fields,
            active=active,
            unwritten=unwritten,
            part_is_due=unwritten >= PART
            or (unwritten > 0 and since >= milliseconds(SOON_SECONDS)),
            room=room,
        )

    def add(self, step: Step, batch: Batch, position: Position, page: Page) -> bool:
        """Add keys and the position after them in one change; False if the batch has to stop."""
        number, part = page.part or ("", None)
        arguments = (
            *(batch.priority, position, page.position, int(page.last)),
            *(page.listed, page.left_out, page.bytes),
            *(number, written(part) if part else ""),
            *_flat(page.keys),
        )
        return bool(self._scripts.run("add", step.batch_id, step.token, self._lease, *arguments))

    def written(self, step: Step, keys: int, part: Part) -> None:
        """Note that the first keys that ended are in a part of the report."""
        self._kept("written", step, keys, written(part), self._window)

    def release(self, step: Step, most: int = 200) -> Sequence[tuple[str, int]]:
        """Queue jobs again that were held; return ids and attempts so far, to be published."""
        flat = self._scripts.run("release", step.batch_id, step.token, self._lease, most)
        return [
            (job_id, int(attempt)) for job_id, attempt in zip(flat[::2], flat[1::2], strict=True)
        ]

    def cancel_jobs(self, step: Step) -> None:
        """Cancel the jobs of a canceled batch."""
        cancel_jobs(self._scripts, step.batch_id)

    def fail(self, step: Step, problem: Problem) -> bool:
        """Expand the batch no further; it ends with the last of its jobs. False if it is paused."""
        value = problem.model_dump_json()
        return bool(self._scripts.run("fail", step.batch_id, step.token, self._lease, value))

    def rest(self, step: Step, wait: float = 0, *, more: bool = False) -> float:
        """End the step, with ``wait`` because of an error; return since when there were errors.

        With ``more``, the next step is due at once.
        """
        times = (
            milliseconds(wait),
            PART,
            milliseconds(SOON_SECONDS),
            0 if more else milliseconds(LOOK_SECONDS),
        )
        return int(self._scripts.run("rest", step.batch_id, step.token, *times) or 0) / 1e3

    def finish(self, step: Step, *, reported: bool, problem: Problem) -> bool:
        """End a batch whose jobs have all ended; ``problem`` is for one with failed jobs."""
        arguments = (int(reported), problem.model_dump_json())
        return bool(self._kept("finish", step, *arguments))

    def _kept(self, script: str, step: Step, *arguments: str | int) -> Any:
        answer = self._scripts.run(script, step.batch_id, step.token, self._lease, *arguments)
        if not answer:
            raise StepOver(f"batch {step.batch_id}: another worker looks after it by now")
        return answer


def cancel_jobs(scripts: Scripts, batch_id: str) -> None:
    """Cancel the jobs of a canceled batch, a few at a time: a script must not hold Redis up."""
    last: str | None = ""
    while last is not None:
        last, ended = scripts.run("cancel_jobs", batch_id, last, CANCELED_AT_ONCE)
        for told in ended:
            log_ended(told)


def _flat(keys: Iterable[Key]) -> Iterable[str]:
    for each in keys:
        yield from (each.kind, each.job, each.value, each.code, each.replaces)
