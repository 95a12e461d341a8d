"""Boxes, of which files of JPEG 2000 and of HEIF's family are made."""

import struct
from collections.abc import Collection, Iterator
from typing import NamedTuple

from core.errors import BrokenImage

MAX_BOXES = 10_000
"""In one file; some libraries look at each in Python."""


class Box(NamedTuple):
    """A box, and where in its file its content lies."""

    kind: bytes
    start: int
    stop: int


def boxes(data: bytes, at: int, end: int, into: Collection[bytes] = ()) -> Iterator[Box]:
    """Yield boxes up to damage; of kinds to look ``into``, also those in them.

    ISO 14496-12, 4.2, and ISO 15444-1, I.4.

    Raises:
        BrokenImage: there are more than ``MAX_BOXES``.
    """
    todo, count = [(at, end)], 0
    while todo:
        at, end = todo.pop()
        while box := _box(data, at, end):
            count += 1
            if count > MAX_BOXES:
                raise BrokenImage(f"the image has more than {MAX_BOXES} boxes")
            yield box
            if box.kind in into:
                todo.append((box.start, box.stop))
            at = box.stop


def _box(data: bytes, at: int, end: int) -> Box | None:
    if at + 8 > end:
        return None
    length, kind = struct.unpack_from(">I4s", data, at)
    start = at + 8
    if length == 1 and at + 16 <= end:
        (length,) = struct.unpack_from(">Q", data, start)
        start += 8
    stop = end if length == 0 else at + length
    return Box(kind, start, stop) if start <= stop <= end else None
