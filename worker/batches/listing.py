"""Rows from a bucket's listing."""

import re
from collections.abc import Callable
from fnmatch import translate

from core.batches.records import Asked
from core.buckets import UNLISTED
from core.formats import READABLE, ending
from core.objects import RESULTS, folder_of
from core.storage import Storage
from worker.batches.rows import Row, Rows

Matches = Callable[[str], bool]
OWN = (f"{RESULTS}/", *UNLISTED)


def read_listing(storage: Storage, asked: Asked, after: str | None) -> Rows:
    """Return the next rows after a key: up to a thousand, one page of the listing.

    Raises:
        BucketNotFound, StorageDenied, StorageRefused, StorageUnavailable: see ``Storage``.
    """
    source = asked.source
    found, more = storage.list_page(source.bucket, source.prefix, after or "")
    wanted = wanted_by(asked)
    rows = [
        Row(
            each.key,
            position=each.key,
            left_out=not wanted(each.key),
            bytes=each.bytes,
            etag=each.etag,
        )
        for each in found
    ]
    return Rows(rows, last=not more)


def wanted_by(asked: Asked) -> Matches:
    """Return a test of keys: those that the globs choose, and that are no folders or results."""
    source = asked.source
    included = _matcher(source.include) if source.include else _is_image
    excluded = _matcher(source.exclude)

    def wanted(key: str) -> bool:
        below = key.removeprefix(folder_of(source.prefix))
        chosen = included(below) and not excluded(below)
        return chosen and not key.endswith("/") and _is_source(asked, key)

    return wanted


def _is_source(asked: Asked, key: str) -> bool:
    """Whether a key of the source's bucket is no result of the batch, nor one of the service's.

    The service's own are what lies below ``colorized/`` and ``uploads/``, unless the batch's prefix
    asks for just that.
    """
    source, destination = asked.source, asked.destination
    if source.bucket == destination.bucket and key.startswith(destination.start):
        return False
    return not any(key.startswith(own) and not source.prefix.startswith(own) for own in OWN)


def _is_image(key: str) -> bool:
    return ending(key) in READABLE


def _matcher(globs: tuple[str, ...]) -> Matches:
    patterns = [re.compile(translate(glob)) for glob in globs]
    return lambda key: any(pattern.match(key) for pattern in patterns)
