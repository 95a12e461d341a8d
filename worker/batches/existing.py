"""Which results are there already: of the same source, options and network."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from core.buckets import Access, Right
from core.errors import ModelElsewhere, ModelNotInstalled, PermanentError, UnknownModel
from core.jobs import JobRequest, Options
from core.objects import ObjectRef
from core.storage import Storage
from core.stored import ObjectHead
from worker.batches.rows import Row
from worker.destination import describe, is_up_to_date
from worker.engine_pool import EnginePool

THREADS = 16
"""Questions to storage at a time: each waits for its answer, mostly."""


class Existing:
    """Asks storage about sources and results."""

    def __init__(self, storage: Storage, engines: EnginePool, access: Access) -> None:
        self._storage = storage
        self._engines = engines
        self._access = access

    def sources(self, bucket: str, rows: Iterable[Row]) -> Sequence[Row]:
        """Return the rows with what storage says of those sources that are not known yet."""

        def known(row: Row) -> Row:
            if row.etag is not None or row.problem or row.left_out:
                return row
            source = ObjectRef(bucket=bucket, key=row.key)
            head = self._head(source) if self._access.allows(source, Right.READ) else None
            return replace(row, etag=head.etag, bytes=head.bytes) if head else row

        with ThreadPoolExecutor(THREADS) as pool:
            return [*pool.map(known, rows)]

    def results(self, orders: Iterable[tuple[JobRequest, str | None]]) -> Sequence[bool]:
        """Say for each order, with its source's entity tag, whether its result is there already."""

        def there(order: tuple[JobRequest, str | None]) -> bool:
            asked, etag = order
            return bool(etag) and self._is_result(asked, str(etag))

        with ThreadPoolExecutor(THREADS) as pool:
            return [*pool.map(there, orders)]

    def _is_result(self, asked: JobRequest, etag: str) -> bool:
        assert asked.destination is not None, "jobs of batches name their destinations"
        if asked.options.force or not self._access.allows(asked.destination, Right.WRITE):
            return False
        head = self._head(asked.destination)
        if head is None:
            return False
        try:
            wanted = self._wanted(asked.options, asked.destination, etag)
            return is_up_to_date(head.metadata, wanted)
        except (UnknownModel, ModelNotInstalled, ModelElsewhere):
            # Of one row of a manifest, perhaps: its job will say so, or go where the network is.
            return False

    def _head(self, ref: ObjectRef) -> ObjectHead | None:
        """Return what storage says; what it refuses to say, the job will find out."""
        try:
            return self._storage.head(ref)
        except PermanentError:
            return None

    def _wanted(self, options: Options, destination: ObjectRef, etag: str) -> dict[str, str]:
        return describe(options, destination, self._engines.digest(options.model), etag)
