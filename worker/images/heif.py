"""EXIF in AVIF and HEIC, of which libraries make a copy value by value when they open a file."""

from collections.abc import Iterator

from core.errors import BrokenImage
from worker.images.boxes import Box, boxes
from worker.images.ifd_limits import MAX_EXIF, check_exif

MAX_PARTS = 10_000
_INTO = {b"moov", b"trak"}
_VERSION_AND_FLAGS = 4
_HEADER_OFFSET = 4
"""Bytes before a block of EXIF (ISO 23008-12, annex A.2.1)."""
_IN_IDAT = 1


def check_heif(data: bytes) -> None:
    """Refuse EXIF that costs out of proportion to read.

    Raises:
        BrokenImage: it does, or there are too many boxes.
    """
    for meta in boxes(data, 0, len(data), _INTO):
        if meta.kind == b"meta":
            for block in _exif(data, meta):
                check_exif(block[_HEADER_OFFSET:])


def _exif(data: bytes, meta: Box) -> Iterator[bytes]:
    """Yield the items that are EXIF, each with one byte more than it may have at the most."""
    parts = {box.kind: box for box in boxes(data, meta.start + _VERSION_AND_FLAGS, meta.stop)}
    if not {b"iinf", b"iloc"} <= parts.keys():
        return
    wanted = set(_exif_items(data, parts[b"iinf"]))
    idat = parts.get(b"idat", Box(b"idat", 0, 0))
    for item, method, extents in _locations(_Numbers(data, parts[b"iloc"])):
        if item in wanted:
            first = idat.start if method == _IN_IDAT else 0
            block = bytearray()
            for offset, length in extents:
                at = first + offset
                room = _HEADER_OFFSET + MAX_EXIF + 1 - len(block)
                # A length of 0 is the rest of the file (ISO 14496-12, 8.11.3.3).
                block += data[at : at + min(length or len(data), room)]
            yield bytes(block)


def _exif_items(data: bytes, iinf: Box) -> Iterator[int]:
    """Yield the numbers of items that are EXIF (ISO 14496-12, 8.11.6)."""
    count = 4 if data[iinf.start] else 2
    for box in boxes(data, iinf.start + _VERSION_AND_FLAGS + count, iinf.stop):
        entry = _Numbers(data, box)
        version = entry.take(1)
        entry.take(3)
        item = entry.take(4 if version > 2 else 2)
        entry.take(2)
        if entry.take(4) == int.from_bytes(b"Exif"):
            yield item


def _locations(iloc: "_Numbers") -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Yield items, how they are built, and offset and length of their parts (8.11.3).

    Raises:
        BrokenImage: there are more than ``MAX_PARTS`` in all.
    """
    version = iloc.take(1)
    iloc.take(3)
    sizes, more = iloc.take(1), iloc.take(1)
    offset, length, base, index = sizes >> 4, sizes & 15, more >> 4, more & 15
    total = 0
    for _ in range(iloc.take(2 if version < 2 else 4)):
        item = iloc.take(2 if version < 2 else 4)
        method = iloc.take(2) & 15 if version else 0
        iloc.take(2)
        begin = iloc.take(base)
        count = iloc.take(2)
        total += 1 + count
        if total > MAX_PARTS:
            raise BrokenImage(f"the image's items have more than {MAX_PARTS} parts")
        extents = []
        for _ in range(count):
            iloc.take(index if version else 0)
            extents.append((begin + iloc.take(offset), iloc.take(length)))
        yield item, method, extents


class _Numbers:
    """Takes numbers from a box one after the other; 0 after its end."""

    def __init__(self, data: bytes, box: Box) -> None:
        self._data = data
        self._at, self._stop = box.start, box.stop

    def take(self, size: int) -> int:
        """Return the next number, of so many bytes."""
        start = self._at
        self._at += size
        return int.from_bytes(self._data[start : min(self._at, self._stop)])
