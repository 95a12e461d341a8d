"""Image file directories (TIFF 6.0, section 2) as bytes: of TIFF files and of EXIF blocks."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SHORT, LONG, RATIONAL, UNDEFINED, BYTE = 3, 4, 5, 7, 1
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
"""Bytes of one value of each type; the last three are BigTIFF's."""
MAX_ENTRIES = 65_535
"""In one directory; TIFF cannot count further, BigTIFF can."""
SLACK = 64 * 1024
"""Bytes that the values of small blocks may have more than twice what those have."""
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


@dataclass(frozen=True)
class Tag:
    """One field, its value in the byte order of the file; or a directory of its own."""

    number: int
    kind: int
    count: int
    value: bytes | memoryview = b""
    """Of a file that is only read, a view: many tags may claim the same megabytes."""
    children: tuple["Tag", ...] = ()


@dataclass(frozen=True)
class Entry:
    """A tag, and where in its file it and its value lie."""

    tag: Tag
    at: int
    value_at: int


@dataclass(frozen=True)
class Directory:
    """A directory that was read; fields whose value is not in the file are ``broken``."""

    at: int
    entries: Mapping[int, Entry]
    broken: tuple[int, ...]
    next_at: int
    """Where the offset of the next directory lies."""
    next: int


class Tiff:
    """A TIFF file or EXIF block that nobody vouches for; classic or BigTIFF.

    Raises:
        ValueError: it does not begin like one. struct.error: it ends too early.
    """

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = data
        self._view = memoryview(data) if isinstance(data, bytes) else None
        orders = {b"II": "<", b"MM": ">"}
        if bytes(data[:2]) not in orders:
            raise ValueError("the byte order is unknown")
        self.order = orders[bytes(data[:2])]
        (version,) = self._unpack("H", 2)
        if version not in (42, 43):
            raise ValueError("no TIFF")
        self.big = version == 43
        self.first_at = 8 if self.big else 4
        (self.first,) = self._unpack("Q" if self.big else "I", self.first_at)

    def _unpack(self, format: str, at: int) -> tuple[int, ...]:
        if at > len(self.data):
            # Beyond 63 bits, struct raises another error.
            raise ValueError("an offset is beyond the end of the file")
        return struct.unpack_from(self.order + format, self.data, at)

    def directory(self, at: int) -> Directory:
        """Read the directory at an offset.

        Raises:
            ValueError, struct.error: it does not lie in the file, or claims more than that has.
        """
        counter, offset, size, room = ("Q", "Q", 20, 8) if self.big else ("H", "I", 12, 4)
        (count,) = self._unpack(counter, at)
        start = at + struct.calcsize("<" + counter)
        end = start + count * size
        if at < 8 or end > len(self.data):
            raise ValueError("a directory is not in the file")
        if count > MAX_ENTRIES:
            raise ValueError(f"a directory has more than {MAX_ENTRIES} entries")
        entries: dict[int, Entry] = {}
        broken, copied = [], 0
        for here in range(start, end, size):
            number, kind = self._unpack("HH", here)
            (values,) = self._unpack(offset, here + 4)
            value_at, length = here + size - room, SIZES.get(kind, 0) * values
            if length > room:
                (value_at,) = self._unpack(offset, value_at)
            if not length or value_at + length > len(self.data) or number in entries:
                broken.append(here)
                continue
            copied += 0 if self._view else length
            if copied > 2 * len(self.data) + SLACK:
                raise ValueError("the tags of a directory claim more than the block has")
            value = self._bytes(value_at, length)
            entries[number] = Entry(Tag(number, kind, values, value), here, value_at)
        (following,) = self._unpack(offset, end) if end < len(self.data) else (0,)
        return Directory(at, entries, tuple(broken), end, following)

    def _bytes(self, at: int, length: int) -> bytes | memoryview:
        if self._view is not None:
            return self._view[at : at + length]
        return bytes(self.data[at : at + length])

    def directories(self) -> Iterator[Directory]:
        """Yield the chain of directories; it ends where it would bite its tail.

        Raises:
            ValueError, struct.error: one does not lie in the file.
        """
        at, seen = self.first, set[int]()
        while at and at not in seen:
            seen.add(at)
            directory = self.directory(at)
            yield directory
            at = directory.next

    def numbers(self, directory: Directory, number: int) -> tuple[int, ...]:
        """Return the whole numbers of a tag; none if it is missing or of another type."""
        entry = directory.entries.get(number)
        code = _WHOLE.get(entry.tag.kind) if entry else None
        if entry is None or code is None:
            return ()
        return struct.unpack(f"{self.order}{entry.tag.count}{code}", entry.tag.value)

    def number(self, directory: Directory, number: int, default: int) -> int:
        """Return the first whole number of a tag."""
        entry = directory.entries.get(number)
        code = _WHOLE.get(entry.tag.kind) if entry else None
        if entry is None or code is None:
            return default
        return int(struct.unpack_from(self.order + code, entry.tag.value)[0])


def lay_out(tags: Mapping[int, Tag], at: int, order: str, following: int = 0) -> bytes:
    """Return a directory that will lie ``at`` an even offset, then its values; classic TIFF."""
    head, tail = [struct.pack(order + "H", len(tags))], b""
    values_at = at + 2 + 12 * len(tags) + 4
    for number in sorted(tags):
        tag, here = tags[number], values_at + len(tail)
        value = bytes(tag.value)
        if tag.children:
            inner = {child.number: child for child in tag.children}
            tail += lay_out(inner, here, order)
            value = struct.pack(order + "I", here)
        elif len(value) > 4:
            tail += value + bytes(len(value) % 2)
            value = struct.pack(order + "I", here)
        head.append(struct.pack(order + "HHI", number, tag.kind, tag.count) + value.ljust(4, b"\0"))
    head.append(struct.pack(order + "I", following))
    return b"".join(head) + tail


def shorts(number: int, values: tuple[int, ...], order: str) -> Tag:
    """Return a tag of 16-bit whole numbers."""
    return Tag(number, SHORT, len(values), struct.pack(f"{order}{len(values)}H", *values))


def longs(number: int, values: tuple[int, ...], order: str) -> Tag:
    """Return a tag of 32-bit whole numbers."""
    return Tag(number, LONG, len(values), struct.pack(f"{order}{len(values)}I", *values))


def rational(number: int, value: float, order: str) -> Tag:
    """Return a tag of one fraction, to a thousandth."""
    whole = round(value * 1000)
    parts = (whole // 1000, 1) if whole % 1000 == 0 else (whole, 1000)
    return Tag(number, RATIONAL, 1, struct.pack(order + "II", *parts))


def blob(number: int, value: bytes, kind: int = UNDEFINED) -> Tag:
    """Return a tag of bytes."""
    return Tag(number, kind, len(value), value)
