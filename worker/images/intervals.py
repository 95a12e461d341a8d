"""Intervals of a JPEG, which can be coded apart and joined (ITU-T T.81, E.1.4)."""

import re
import struct
from collections.abc import Iterable, Sequence

BLOCK = 16
"""Rows that one interval of a JPEG of ours has: 4:2:0, an interval for each row of blocks."""
CYCLE = 8
"""Restart markers are numbered 0 to 7, and again from 0 (B.1.1.3)."""
MOST_ROWS = 65_500
"""That OpenCV's JPEGs have."""
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOF0, _SOS = 0xC0, 0xDA
_APPLICATION = range(0xE0, 0xF0)


class Intervals:
    """A JPEG that has an interval for each row of blocks."""

    def __init__(self, jpeg: bytes) -> None:
        segments, self._scan = _parsed(jpeg)
        # Application data has no part in decoding.
        self._head = [segment for segment in segments if segment[1] not in _APPLICATION]
        self._starts = [0, *(match.end() for match in _RESTART.finditer(self._scan))]
        self._ends = [start - 2 for start in self._starts[1:]] + [len(self._scan)]

    def excerpt(self, blocks: Sequence[int]) -> bytes:
        """Return a JPEG of some rows of blocks: their intervals, one after the other, unchanged."""
        intervals = [self._scan[self._starts[block] : self._ends[block]] for block in blocks]
        return _written(self._head, rows_of(blocks), intervals, 1)


def rows_of(blocks: Sequence[int]) -> int:
    """Return the rows that an excerpt has; the last block of a picture may be cut."""
    return min(BLOCK * len(blocks), MOST_ROWS)


def joined(parts: Sequence[bytes], height: int) -> bytes:
    """Return the JPEG, ``height`` rows in all, of which the parts are one below the other.

    They have the same tables and width, and an interval for each row of blocks; ``CYCLE`` rows of
    blocks, or a multiple, in each but the last.
    """
    head, _ = _parsed(parts[0])
    return _written(head, height, (_parsed(part)[1] for part in parts), CYCLE)


def _parsed(jpeg: bytes) -> tuple[list[bytes], bytes]:
    """Return the segments before the coded data, and these."""
    segments: list[bytes] = []
    at = len(_SOI)
    while not segments or segments[-1][1] != _SOS:
        (length,) = struct.unpack_from(">H", jpeg, at + 2)
        segments.append(jpeg[at : at + 2 + length])
        at += 2 + length
    return segments, jpeg[at : -len(_EOI)]


def _written(head: Iterable[bytes], height: int, parts: Iterable[bytes], rows: int) -> bytes:
    """Join coded data of ``rows`` rows of blocks each; the last may have fewer."""
    written = [_SOI, *(_of_height(segment, height) for segment in head)]
    for number, part in enumerate(parts, 1):
        written += part, bytes((0xFF, 0xD0 + (number * rows - 1) % CYCLE))
    return b"".join((*written[:-1], _EOI))


def _of_height(segment: bytes, height: int) -> bytes:
    if segment[1] != _SOF0:
        return segment
    return segment[:5] + struct.pack(">H", height) + segment[7:]
