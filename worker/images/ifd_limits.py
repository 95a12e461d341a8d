"""What reading the directories of TIFF and EXIF costs, known before any library reads them."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from core.errors import BrokenImage
from worker.images.ifd import MAX_ENTRIES, SIZES, SLACK
from worker.images.photo import EXIF_PREFIX

MAX_EXIF = 1024 * 1024
MAX_VALUES = 1024 * 1024
"""Numbers in all values: each becomes an object, some of a hundred times their size."""
_BYTES = {1, 2, 6, 7}
"""Types whose values stay bytes."""
_POINTERS = {0x8769, 0x8825, 0xA005}
"""Tags that lead to the directories of EXIF, GPS and interoperability."""


class Entry(NamedTuple):
    """One value of a directory."""

    tag: int
    type: int
    numbers: int
    """How many the value has."""
    offset: int
    """Where it lies if it is longer than its field, else nothing of use."""


@dataclass(frozen=True)
class Layout:
    """How a structure writes its numbers: TIFF 6.0, section 2, or BigTIFF."""

    order: str
    big: bool

    @classmethod
    def of(cls, block: bytes) -> "Layout | None":
        """Return the layout that a header tells; None if it is no TIFF structure."""
        order = {b"II": "<", b"MM": ">"}.get(block[:2])
        # Pillow takes the version from either of its two bytes.
        return Layout(order, 43 in block[2:4]) if order else None

    def first(self, block: bytes) -> int:
        """Return the offset of the first directory."""
        return self.number(block, 8, 8) if self.big else self.number(block, 4, 4)

    def number(self, block: bytes, at: int, size: int) -> int:
        """Return a number of the structure; 0 beyond its end."""
        return int.from_bytes(block[at : at + size], "little" if self.order == "<" else "big")

    def entries(self, block: bytes, at: int) -> Iterator[Entry]:
        """Yield the entries of the directory at an offset, as far as there are any.

        Raises:
            BrokenImage: there are more than ``MAX_ENTRIES``.
        """
        size, entry = (8, "HHQQ") if self.big else (2, "HHLL")
        count = self.number(block, at, size)
        form = struct.Struct(self.order + entry)
        first = at + size
        count = min(count, max(0, len(block) - first) // form.size)
        if count > MAX_ENTRIES:
            raise BrokenImage(f"a directory of the image has more than {MAX_ENTRIES} entries")
        for start in range(first, first + count * form.size, form.size):
            yield Entry(*form.unpack_from(block, start))


def check_exif(block: bytes) -> None:
    """Refuse EXIF, with or without its prefix, that no camera wrote.

    Raises:
        BrokenImage: it has more than ``MAX_EXIF`` bytes, or see ``check_directories``.
    """
    if len(block) > MAX_EXIF:
        raise BrokenImage(f"the EXIF of the image has more than {MAX_EXIF} bytes")
    while block.startswith(EXIF_PREFIX):
        block = block[len(EXIF_PREFIX) :]
    check_directories(block)


def check_directories(block: bytes) -> None:
    """Refuse a TIFF structure whose values take more to read than it has itself.

    Every value is copied when it is read, so a small file in which thousands share one long
    value would fill the memory. The first directory is judged with those of EXIF: nobody follows
    the chain to the next, however long it is or wherever it leads.

    Raises:
        BrokenImage: they do.
    """
    layout = Layout.of(block)
    if layout is None:
        return
    todo, seen, taken, values = [layout.first(block)], set[int](), 0, 0
    while todo:
        at = todo.pop()
        seen.add(at)
        for entry in layout.entries(block, at):
            if entry.type not in SIZES:
                continue
            size = entry.numbers * SIZES[entry.type]
            if size > 8 and entry.offset + size > len(block):
                # Pillow reads no further than this; we do.
                continue
            taken += size
            values += 0 if entry.type in _BYTES else entry.numbers
            if entry.tag in _POINTERS and entry.offset not in seen:
                todo.append(entry.offset)
    if taken > 2 * len(block) + SLACK or values > MAX_VALUES:
        raise BrokenImage("the tags of the image claim more than it has")
