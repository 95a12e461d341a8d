"""From rows to keys of a batch: jobs, those with a result already, those that can be no job."""

from collections.abc import Callable, Iterator, Sequence

from core.batches import Batch, EntryState, OnExisting, Progress
from core.batches.parts import Line
from core.batches.records import Pair
from core.batches.steps import Key, Page
from core.buckets import Access
from core.errors import SourceNotFound, StorageDenied, TintypeError
from core.jobs import JobRequest, Options, Problem, read_by
from core.jobs.base import written
from core.objects import ObjectRef
from core.storage import Storage
from worker.batches.apart import check_apart
from worker.batches.existing import Existing
from worker.batches.listing import read_listing
from worker.batches.manifest import read_manifest
from worker.batches.rows import Row

AT_ONCE = 100
"""Keys added in one change: a script must not hold Redis up."""
NEW, OLD = "new", "old"
"""Before a position: whether the destination was empty when the expansion began."""


class Expansion:
    """Reads sources on, and makes pages of keys of them."""

    def __init__(self, storage: Storage, existing: Existing, access: Access) -> None:
        self._storage = storage
        self._existing = existing
        self._access = access

    def pages(self, progress: Progress, renew: Callable[[], None]) -> Iterator[Page]:
        """Yield what is found next, at most as many keys as there is room for.

        ``renew`` is called now and then while there is no page yet.

        Raises:
            InvalidManifest, UnknownModel, and the errors of ``Storage``: it cannot go on.
        """
        batch = progress.batch
        if batch.source.manifest and progress.cursor is None:
            check_apart(self._storage, batch, lambda row: _result_of(batch, row), renew)
        kind, _, place = (progress.cursor or f"{self._kind(batch)}:").partition(":")
        read = read_manifest if batch.source.manifest else read_listing
        found = read(self._storage, batch, place or None)
        room = len(found.rows) if batch.dry_run else progress.room
        for rows in _groups(found.rows, room):
            place = rows[-1].position if rows else place
            yield Page(
                keys=self._keys(batch, rows, check=kind == OLD),
                position=f"{kind}:{place}",
                last=found.last and rows[-1:] == found.rows[-1:],
                listed=len(rows),
                left_out=sum(row.left_out for row in rows),
                bytes=sum(row.bytes or 0 for row in rows if not row.left_out),
            )

    def _kind(self, batch: Batch) -> str:
        """Find out whether results can be there already: it saves a question for every key."""
        place = batch.destination
        try:
            results, _ = self._storage.list_page(place.bucket, place.start, most=1)
        except StorageDenied:
            return OLD
        return OLD if results else NEW

    def _keys(self, batch: Batch, rows: Sequence[Row], *, check: bool) -> Sequence[Key]:
        check = check and batch.on_existing is OnExisting.SKIP
        chosen = [row for row in rows if not row.left_out]
        if batch.source.manifest and (check or batch.dry_run):
            chosen = [*self._existing.sources(batch.source.bucket, chosen)]
        keys: list[Key] = []
        orders: list[tuple[Row, JobRequest]] = []
        for row in chosen:
            order = self._order(batch, row)
            if isinstance(order, Problem):
                keys.append(_failed(row, order))
            else:
                orders.append((row, order))
        asked = ((order, row.etag) for row, order in orders)
        there = self._existing.results(asked) if check else [False] * len(orders)
        for (_, order), skip in zip(orders, there, strict=True):
            keys.append(_skipped(order) if skip else _found(batch, order))
        return keys

    def _order(self, batch: Batch, row: Row) -> JobRequest | Problem:
        """Return what a job for the row would be asked for, or why there can be none."""
        if row.problem:
            return row.problem
        try:
            source, destination = _source_of(batch, row), _result_of(batch, row)
            order = order_of(batch, source, destination, row.options or batch.options)
            self._access.narrowed(batch.access).check_job(read_by(order), destination)
            if batch.dry_run and row.etag is None:
                raise SourceNotFound(f"storage has no object {source}")
        except TintypeError as error:
            return Problem(code=error.code, detail=str(error))
        return order


def _source_of(batch: Batch, row: Row) -> ObjectRef:
    return ObjectRef(bucket=batch.source.bucket, key=row.key)


def _result_of(batch: Batch, row: Row) -> ObjectRef:
    source, format = _source_of(batch, row), (row.options or batch.options).format
    key = row.destination or batch.destination.key_for(source, batch.source.prefix, format)
    return ObjectRef(bucket=batch.destination.bucket, key=key)


def order_of(
    batch: Batch, source: ObjectRef, destination: ObjectRef, options: Options
) -> JobRequest:
    """Return the order of one job of a batch.

    Raises:
        DestinationIsSource: as its name says.
    """
    return JobRequest(
        source=source, destination=destination, options=options, priority=batch.priority
    )


def _found(batch: Batch, order: JobRequest) -> Key:
    if not batch.dry_run:
        return Key("job", written(order))
    assert order.destination is not None, "jobs of batches name their destinations"
    pair = Pair(source=order.source.key, destination=order.destination.key)
    return Key("found", pair.model_dump_json())


def _failed(row: Row, problem: Problem) -> Key:
    line = Line(key=row.key, state=EntryState.FAILED, code=problem.code, detail=problem.detail)
    return Key("failed", written(line), problem.code)


def _skipped(order: JobRequest) -> Key:
    assert order.destination is not None, "jobs of batches name their destinations"
    key = order.destination.key
    line = Line(
        key=order.source.key,
        state=EntryState.SKIPPED,
        result=key,
        code="exists",
        detail="the result is there already, of the same source, options and network",
    )
    return Key("skipped", written(line))


def _groups(rows: Sequence[Row], room: int) -> Iterator[Sequence[Row]]:
    """Yield rows in groups, with no more keys in all than there is room for."""
    group: list[Row] = []
    for row in rows:
        room -= not row.left_out
        if room < 0:
            break
        group.append(row)
        if len(group) == AT_ONCE:
            yield group
            group = []
    if group or not rows:
        yield group
