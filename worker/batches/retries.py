"""Failed keys of a batch that are tried again, part by part of its report."""

from collections.abc import Sequence

from core.batches import BatchRequest, EntryState, Progress
from core.batches.entries import Entries
from core.batches.parts import Line, Part
from core.batches.steps import Key, Page
from core.objects import ObjectRef
from worker.batches.expansion import AT_ONCE, order_of, written


def next_retries(entries: Entries, progress: Progress) -> Page:
    """Return the next failed keys, and where to go on: the number of a part.

    Raises:
        StorageUnavailable, SourceNotFound: the part cannot be read.
    """
    parts = entries.parts(progress.batch.id)[: progress.retry_to]
    number = int(progress.retrying or 0)
    while number < len(parts) and not parts[number].states.get(EntryState.FAILED):
        number += 1
    if number >= len(parts):
        return Page([], str(number), last=True)
    part, request = parts[number], progress.request
    lines = [*part.counted(entries.part_lines(progress.batch.id, request, part))]
    failed = [(at, line) for at, line in lines if line.retriable]
    chosen = failed[: min(AT_ONCE, progress.room)]
    rest = len(chosen) < len(failed)
    return Page(
        keys=[_key(request, line) for _, line in chosen],
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


def _key(request: BatchRequest, line: Line) -> Key:
    assert line.destination is not None, "only keys that can be jobs are tried again"
    source = ObjectRef(bucket=request.source.bucket, key=line.key)
    destination = ObjectRef(bucket=request.destination.bucket, key=line.destination)
    order = order_of(request, source, destination, line.options or request.options)
    return Key("again", written(order), line.code or "", line.job or "")
