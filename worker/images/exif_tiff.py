"""EXIF and TIFF: what a page says of its picture, and the same in a block of its own."""

import struct

from worker.images.exif import CAMERA, INTEROP, PLACE, Resolution
from worker.images.ifd import LONG, Directory, Tag, Tiff, lay_out, rational, shorts

DESCRIPTIVE = {269, 270, 271, 272, 285, 305, 306, 315, 316, 18246, 18249, 33432, 50708, 50735}
DESCRIPTIVE |= set(range(40091, 40096))
"""Of the first directory, what is about the picture and not about how its pixels are stored."""
_LAST_OF_CLASSIC = 12
MAX_BLOCK = 4 * 1024 * 1024
"""Bytes of all values together; many may claim to be the same megabytes of a file."""


def of_tiff(tiff: Tiff, directory: Directory) -> bytes | None:
    """Return what a page of a TIFF says of its picture as an EXIF block, if it says anything."""
    found = tags_of(tiff, directory)
    if not found:
        return None
    head = (b"II" if tiff.order == "<" else b"MM") + struct.pack(tiff.order + "HI", 42, 8)
    return head + lay_out(found, 8, tiff.order)


def tags_of(tiff: Tiff, directory: Directory) -> dict[int, Tag]:
    """Return the descriptive tags of a first directory, and the directories below it."""
    found = {
        number: tag
        for number, tag in _nested(tiff, directory).items()
        if number in DESCRIPTIVE or (number in (CAMERA, PLACE) and tag.children)
    }
    return found if sum(map(_size, found.values())) <= MAX_BLOCK else {}


def _size(tag: Tag) -> int:
    return len(tag.value) + sum(map(_size, tag.children))


def saying(dpi: Resolution) -> bytes:
    """Return a block that says nothing but the pixels an inch."""
    return b"II*\0\x08\0\0\0" + lay_out(resolution_tags(dpi, "<"), 8, "<")


def resolution_tags(dpi: Resolution, order: str) -> dict[int, Tag]:
    """Return the three tags of the pixels an inch."""
    x, y = (rational(282 + axis, dpi[axis], order) for axis in (0, 1))
    return {282: x, 283: y, 296: shorts(296, (2,), order)}


def _nested(tiff: Tiff, directory: Directory, depth: int = 0) -> dict[int, Tag]:
    """Return a directory's tags, with the directories below as their children."""
    found = {}
    for number, entry in directory.entries.items():
        tag = entry.tag
        if number in (CAMERA, PLACE, INTEROP):
            try:
                inner = tiff.directory(tiff.number(directory, number, 0))
            except (ValueError, struct.error):
                continue
            children = _nested(tiff, inner, depth + 1) if depth < 2 else {}
            tag = Tag(number, LONG, 1, children=tuple(children.values()))
        if tag.kind <= _LAST_OF_CLASSIC:
            found[number] = tag
    return found
