"""Failed keys of a batch that are tried again, part by part of its report."""

from collections.abc import Sequence

from core.batches import Batch, EntryState, Progress
from core.batches.entries import Entries
from core.batches.parts import Line, Part
from core.batches.steps import Key, Page
from core.jobs.base import written
from core.objects import ObjectRef
from worker.batches.expansion import AT_ONCE, order_of


def next_retries(entries: Entries, progress: Progress) -> Page:
    """Return the next failed keys, and where to go on: the number of a part.

    Raises:
        StorageUnavailable, SourceNotFound: the part cannot be read.
    """
    batch, number = progress.batch, int(progress.retrying or 0)
    parts = entries.parts(batch, number)[: progress.retry_to - number]
    with_failures = (at for at, part in enumerate(parts) if part.states.get(EntryState.FAILED))
    at = next(with_failures, None)
    if at is None:
        return Page([], str(number), last=True)
    part, number = parts[at], number + at
    lines = [*part.counted(entries.part_lines(batch, part))]
    failed = [(at, line) for at, line in lines if line.retriable]
    chosen = failed[: min(AT_ONCE, progress.room)]
    rest = len(chosen) < len(failed)
    return Page(
        keys=[_key(batch, line) for _, line in chosen],
        position=str(number if rest else number + 1),
        last=False,
        part=(number, _without(part, chosen)),
    )


def _without(part: Part, retried: Sequence[tuple[int, Line]]) -> Part:
    """Return the record of a part whose failures up to the last of these count no more."""
    left = part.states.get(EntryState.FAILED, 0) - len(retried)
    states = part.states | {str(EntryState.FAILED): left}
    void = retried[-1][0] + 1 if retried else part.void
    return part.model_copy(update={"states": states, "void": void})


def _key(batch: Batch, line: Line) -> Key:
    assert line.destination is not None, "only keys that can be jobs are tried again"
    source = ObjectRef(bucket=batch.source.bucket, key=line.key)
    destination = ObjectRef(bucket=batch.destination.bucket, key=line.destination)
    order = order_of(batch, source, destination, line.options or batch.options)
    return Key("again", written(order), line.code or "", line.job or "")
