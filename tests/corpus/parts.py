"""Where the parts of a file begin: chunks, segments, boxes, directory entries."""

import re
from collections.abc import Iterator

_MARKER = re.compile(rb"\xff[\xc0-\xfe]")


def boundaries(data: bytes) -> list[int]:
    """Return the offsets at which parts of a file begin, its start and its end among them."""
    inner = {at for at in _starts(data) if 0 < at < len(data)}
    return sorted({0, *inner, len(data)})


def length_fields(data: bytes) -> list[tuple[int, int]]:
    """Return where parts tell their length: offset and bytes."""
    starts = boundaries(data)[1:-1]
    if data.startswith(b"\xff\xd8"):
        return [(at + 2, 2) for at in starts]
    if data[:4] == b"RIFF":
        return [(4, 4), *((at + 4, 4) for at in starts)]
    if data[:2] in {b"II", b"MM"}:
        return [(at + offset, 4) for at in starts for offset in (4, 8)]
    return [(at, 4) for at in starts]


def _starts(data: bytes) -> Iterator[int]:
    if data.startswith(b"\xff\xd8"):
        yield from (match.start() for match in _MARKER.finditer(data, 2))
    elif data.startswith(b"\x89PNG"):
        yield from _walk(data, 8, 0, "big", 12)
    elif data[:4] == b"RIFF":
        yield from _walk(data, 12, 4, "little", 8)
    elif data[:2] in {b"II", b"MM"}:
        order = "little" if data[:2] == b"II" else "big"
        at = int.from_bytes(data[4:8], "little" if order == "little" else "big")
        yield from range(at + 2, min(at + 2 + 12 * 20, len(data)), 12)
    elif data[4:8] in {b"ftyp", b"jP  "}:
        yield from _walk(data, 0, 0, "big", 0)
    else:
        yield from range(0, len(data), 64)


def _walk(data: bytes, at: int, field: int, order: str, extra: int) -> Iterator[int]:
    """Yield where parts begin that tell their length in four bytes at ``field``."""
    while at + 8 <= len(data):
        yield at
        length = data[at + field : at + field + 4]
        at += max(8, extra + int.from_bytes(length, "little" if order == "little" else "big"))
