"""EXIF blocks, edited in place: what is not named here stays byte for byte (Exif 2.32, 4.6)."""

import struct
from collections.abc import Callable, Iterator, Set
from typing import TypeVar

from worker.images.ifd import (
    LONG,
    SHORT,
    Directory,
    Entry,
    Tiff,
    longs,
    shorts,
)
from worker.images.photo import EXIF_PREFIX

T = TypeVar("T")
Resolution = tuple[float, float]

CAMERA, PLACE, INTEROP = 34665, 34853, 40965
"""Tags that stand for a directory."""
ORIENTATION, _WIDTH, _HEIGHT = 274, 256, 257
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_PIXEL_X, _PIXEL_Y, _COLOUR_SPACE, _INTEROP_INDEX = 0xA002, 0xA003, 0xA001, 1
_THUMBNAIL, _THUMBNAIL_LENGTH = 513, 514
_SRGB, _DCF_SRGB = 1, b"R98\0"
_CM_IN_INCH = 2.54
PRIVATE = {
    PLACE,
    0x927C,  # MakerNote
    0xA430,  # CameraOwnerName
    0xA431,  # BodySerialNumber
    0xA435,  # LensSerialNumber
    50735,  # CameraSerialNumber
    50740,  # DNGPrivateData, where maker notes go
}


MAX_DIRECTORIES = 8
"""Read of one block, which has four: the first, camera, place and interoperability."""


class Block(Tiff):
    """An EXIF block that can be written to."""

    data: bytearray

    def __init__(self, exif: bytes) -> None:
        super().__init__(bytearray(exif))


def orientation(exif: bytes) -> int:
    """Return the orientation, 1..8; 1 of a block that does not say or is broken."""

    def find(block: Block) -> int:
        return block.number(block.directory(block.first), ORIENTATION, 1)

    return _read(exif, find, 1)


def resolution(exif: bytes) -> Resolution | None:
    """Return the pixels an inch, along x and y as stored."""

    def find(block: Block) -> Resolution | None:
        directory = block.directory(block.first)
        unit = block.number(directory, _RESOLUTION_UNIT, 2)
        entries = [directory.entries.get(tag) for tag in (_X_RESOLUTION, _Y_RESOLUTION)]
        pairs = [
            struct.unpack(block.order + "II", entry.tag.value[:8])
            for entry in entries
            if entry and len(entry.tag.value) >= 8
        ]
        if len(pairs) < 2 or unit not in (2, 3):
            return None
        scale = 1 if unit == 2 else _CM_IN_INCH
        (x, over_x), (y, over_y) = pairs
        return scale * x / over_x, scale * y / over_y

    return _read(exif, find, None)


def upright(exif: bytes, width: int, height: int) -> bytes | None:
    """Return a block that fits a result: upright, of its size, sRGB, without a thumbnail.

    Fields whose value is not in the block go; a block that is broken altogether is None.
    """

    def edit(block: Block) -> bytes | None:
        directory = block.directory(block.first)
        if not directory.entries:
            return None
        values = {ORIENTATION: 1, _PIXEL_X: width, _PIXEL_Y: height, _COLOUR_SPACE: _SRGB}
        values |= {_WIDTH: width, _HEIGHT: height}
        for each in _tree(block):
            for entry in each.entries.values():
                if entry.tag.number in values:
                    _set(block, entry, values[entry.tag.number])
                elif entry.tag.number == _INTEROP_INDEX and bytes(entry.tag.value) == b"R03\0":
                    block.data[entry.value_at : entry.value_at + 4] = _DCF_SRGB
        _drop_thumbnail(block, directory)
        _remove(block, set())
        return bytes(block.data)

    return _read(exif, edit, None)


def without(exif: bytes, doomed: Set[int]) -> bytes | None:
    """Return a block without some tags; what they said is overwritten with zeros."""

    def edit(block: Block) -> bytes | None:
        _remove(block, doomed)
        return bytes(block.data)

    return _read(exif, edit, None)


def _read(exif: bytes, act: Callable[[Block], T], otherwise: T) -> T:
    try:
        return act(Block(exif.removeprefix(EXIF_PREFIX)))
    except (ValueError, ArithmeticError, struct.error):
        return otherwise


def _tree(block: Block) -> Iterator[Directory]:
    """Yield the first directory and those that it names; one that is broken is left out."""
    todo, seen = [block.first], set[int]()
    while todo and len(seen) < MAX_DIRECTORIES:
        at = todo.pop()
        if at in seen:
            continue
        seen.add(at)
        try:
            directory = block.directory(at)
        except (ValueError, struct.error):
            if at == block.first:
                raise
            continue
        yield directory
        todo += [block.number(directory, tag, at) for tag in (CAMERA, PLACE, INTEROP)]


def _set(block: Block, entry: Entry, value: int) -> None:
    """Write a whole number where a field is."""
    kind = SHORT if value < 65_536 else LONG
    tag = (shorts if kind == SHORT else longs)(entry.tag.number, (value,), block.order)
    head = struct.pack(block.order + "HHI", tag.number, tag.kind, 1)
    block.data[entry.at : entry.at + 12] = head + bytes(tag.value).ljust(4, b"\0")


def _drop_thumbnail(block: Block, directory: Directory) -> None:
    """Unlink the second directory, and overwrite the picture that it names; it is not in colour."""
    data, at = block.data, directory.next
    _zero(block, directory.next_at, 4)
    try:
        second = block.directory(at)
    except (ValueError, struct.error):
        return
    start = block.number(second, _THUMBNAIL, 0)
    end = start + block.number(second, _THUMBNAIL_LENGTH, 0)
    used = max(_end(each) for each in _tree(block))
    if used <= start < end >= len(data) - 1:
        del data[start:]
    elif used <= start < end < len(data):
        _zero(block, start, end - start)


def _end(directory: Directory) -> int:
    """Return where the last of a directory's bytes lies."""
    ends = [entry.value_at + len(entry.tag.value) for entry in directory.entries.values()]
    return max([directory.next_at + 4, *ends])


def _remove(block: Block, doomed: Set[int]) -> None:
    """Take tags out of all directories, and those that are broken; zeros stay in their place."""
    data = block.data
    for directory in list(_tree(block)):
        gone = [entry for entry in directory.entries.values() if entry.tag.number in doomed]
        for entry in gone:
            if entry.tag.number == PLACE:
                _wipe(block, block.number(directory, PLACE, 0))
            _zero(block, entry.value_at, len(entry.tag.value))
        places = {entry.at for entry in gone} | set(directory.broken)
        if not places:
            continue
        start = directory.at + 2
        kept = [at for at in range(start, directory.next_at, 12) if at not in places]
        following = data[directory.next_at : directory.next_at + 4]
        body = b"".join(bytes(data[at : at + 12]) for at in kept) + following
        body += bytes(12 * len(places))
        data[directory.at : start] = struct.pack(block.order + "H", len(kept))
        data[start : start + len(body)] = body


def _zero(block: Block, start: int, length: int) -> None:
    end = min(start + length, len(block.data))
    block.data[start:end] = bytes(max(0, end - start))


def _wipe(block: Block, at: int) -> None:
    """Overwrite a directory and its values with zeros."""
    try:
        directory = block.directory(at)
    except (ValueError, struct.error):
        return
    for entry in directory.entries.values():
        _zero(block, entry.value_at, len(entry.tag.value))
    _zero(block, at, directory.next_at + 4 - at)
