"""Whether the rows of a manifest keep apart: nothing else would be lost as silently."""

from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from core.batches import Batch
from core.errors import InvalidManifest, TintypeError
from core.objects import ObjectRef
from core.storage import Storage
from worker.batches.manifest import read_manifest
from worker.batches.rows import Row


class Places:
    """The places of many objects, 16 bytes for each: hashes, and the rows that name them."""

    def __init__(self) -> None:
        self._hashes, self._rows = array("q"), array("q")

    def add(self, place: ObjectRef, row: int) -> None:
        """Note what a row names."""
        self._hashes.append(hash(place))
        self._rows.append(row)

    def twice(self) -> tuple[int, int] | None:
        """Return two rows that name one place, if there are such."""
        hashes, rows = np.array(self._hashes), np.array(self._rows)
        order = np.argsort(hashes, kind="stable")
        same = np.flatnonzero(np.diff(hashes[order]) == 0)
        return (int(rows[order[same[0]]]), int(rows[order[same[0] + 1]])) if same.size else None

    def shared(self, others: "Places") -> tuple[int, int] | None:
        """Return a row of each that name one place, if there are such."""
        _, mine, theirs = np.intersect1d(
            np.array(self._hashes), np.array(others._hashes), return_indices=True
        )
        return (self._rows[mine[0]], others._rows[theirs[0]]) if mine.size else None


def check_apart(
    storage: Storage, batch: Batch, result_of: Callable[[Row], ObjectRef], renew: Callable[[], None]
) -> None:
    """Read a manifest from its beginning to its end.

    ``renew`` is called every thousand rows.

    Raises:
        InvalidManifest: two rows have the same result, or a row's result another row's source.
        The errors of ``read_manifest``.
    """
    ref = batch.source.manifest
    sources, results = Places(), Places()
    for number, row in enumerate(_rows(storage, batch, renew), 1):
        # What is wrong with a row by itself, its page will say.
        with suppress(TintypeError):
            result = result_of(row)
            source = ObjectRef(bucket=batch.source.bucket, key=row.key)
            if not row.problem and result != source:
                results.add(result, number)
                sources.add(source, number)
    if pair := results.twice():
        raise InvalidManifest(f"rows {pair[0]} and {pair[1]} of {ref} have the same result")
    if pair := results.shared(sources):
        raise InvalidManifest(
            f"row {pair[0]} of {ref} would put its result in the place of row {pair[1]}'s source"
        )


def _rows(storage: Storage, batch: Batch, renew: Callable[[], None]) -> Iterator[Row]:
    position, last = None, False
    while not last:
        found = read_manifest(storage, batch, position)
        yield from found.rows
        position = found.rows[-1].position if found.rows else position
        last = found.last
        renew()
