"""What a file holds beside pixels, kept within limits before any library reads it."""

import re
from collections.abc import Iterator

from PIL import Image
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH

from core.errors import BrokenImage, ImageTooLarge
from worker.images import gif, jp2, pnm
from worker.images.heif import check_heif
from worker.images.ifd_limits import check_directories, check_exif
from worker.images.photo import EXIF_PREFIX

MAX_CHUNKS = 65_536
"""Of a PNG: 64 MiB in chunks of 1 KiB."""
MAX_SEGMENTS = 8192
"""Of a JPEG before its first scan; 64 MiB are a thousand full ones."""
MAX_BETWEEN = 64 * 1024
"""Bytes of a JPEG between those segments: Pillow skips them one by one."""
_PNG = b"\x89PNG\r\n\x1a\n"
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_APP1, _SOS = 0xE1, 0xDA
_BARE = {0x01, 0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)}
"""Markers that Pillow takes for ones without a segment."""


def check_container(data: bytes, max_pixels: int) -> None:
    """Refuse a file that costs out of proportion to read, by its structure alone.

    Raises:
        BrokenImage: it has more parts than any image needs, or they contradict each other.
        ImageTooLarge: it is a WebP or a GIF of more than ``max_pixels``; opening it would take
            the memory for that.
        UnsupportedFormat: it has more channels than are read.
    """
    if data.startswith(_PNG):
        _check_png(data)
    elif data.startswith(b"\xff\xd8\xff"):
        _check_jpeg(data)
    elif data[:2] in {b"II", b"MM"}:
        check_directories(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        check_size(_canvas(data), max_pixels)
    elif data.startswith(gif.SIGNATURES):
        check_size(gif.size_of(data), max_pixels)
    elif data.startswith((jp2.SIGNATURE, jp2.CODESTREAM)):
        jp2.check_jp2(data)
    elif data[4:8] == b"ftyp":
        check_heif(data)
    elif data[:1] == b"P":
        pnm.check_header(data)


def pixels_at_opening(data: bytes) -> int:
    """Return how many pixels opening a file takes memory for; see ``check_container`` first."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        width, height = _canvas(data)
    else:
        width, height = gif.size_of(data) if data.startswith(gif.SIGNATURES) else (0, 0)
    return width * height


def check_tiles(image: Image.Image, max_pixels: int) -> None:
    """Refuse a TIFF whose tiles are much larger than the image: they are decoded whole.

    Raises:
        BrokenImage: together they have more than twice ``max_pixels``.
    """
    tags = getattr(image, "tag_v2", {})
    width, height = (tags.get(tag) for tag in (TILEWIDTH, TILELENGTH))
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return
    across, down = -(-image.width // width), -(-image.height // height)
    if across * width * down * height > 2 * max_pixels:
        raise BrokenImage("the tiles of the TIFF are far larger than the image")


def _check_png(data: bytes) -> None:
    """Check chunks (PNG specification, third edition, 5.3)."""
    at = len(_PNG)
    for number in range(MAX_CHUNKS):
        kind = data[at + 4 : at + 8]
        if (kind == b"IHDR") != (number == 0):
            # Libraries differ about which of several sizes counts.
            raise BrokenImage("the PNG does not begin with its one header")
        at += 12 + int.from_bytes(data[at : at + 4])
        if kind == b"IEND" or at == len(data):
            return
        if at > len(data):
            raise BrokenImage("a chunk of the image is longer than the file")
    raise BrokenImage(f"the PNG has more than {MAX_CHUNKS} chunks")


def _check_jpeg(data: bytes) -> None:
    """Check segments, and EXIF, whose parts Pillow joins."""
    parts = [
        body.removeprefix(EXIF_PREFIX)
        for marker, body in _segments(data)
        if marker == _APP1 and body.startswith(EXIF_PREFIX)
    ]
    check_exif(b"".join(parts))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield markers and their segments up to the first scan (ITU-T T.81, B.1.1).

    Raises:
        BrokenImage: there are too many, or too much between them.
    """
    at, between = 2, 0
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return
        between += found.start() - at
        if between > MAX_BETWEEN:
            raise BrokenImage(f"more than {MAX_BETWEEN} bytes of the JPEG belong to nothing")
        marker, at = found[0][1], found.end()
        length = 0 if marker in _BARE else max(2, int.from_bytes(data[at : at + 2]))
        yield marker, data[at + 2 : at + length]
        if marker == _SOS:
            return
        at += length
    raise BrokenImage(f"the JPEG has more than {MAX_SEGMENTS} segments")


def check_size(size: tuple[int, int], max_pixels: int) -> None:
    """Refuse an image of too many pixels; ``size`` is (width, height).

    Raises:
        ImageTooLarge: it has more than ``max_pixels``.
    """
    width, height = size
    if width * height > max_pixels:
        raise ImageTooLarge(
            f"the image has {width} x {height} pixels, more than {max_pixels}; "
            "see TINTYPE_MAX_PIXELS"
        )


def _canvas(data: bytes) -> tuple[int, int]:
    """Return the size that the first chunk of a WebP tells, (0, 0) if there is none.

    RFC 9649, 2.5 to 2.7.
    """

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little")

    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + number(24, 3), 1 + number(27, 3)
    if kind == b"VP8L":
        bits = number(21, 4)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return number(26, 2) & 0x3FFF, number(28, 2) & 0x3FFF
    return 0, 0
