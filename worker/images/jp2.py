"""JPEG 2000: depth, profile and metadata, which Pillow does not tell (ISO 15444-1, A.5, I)."""

import struct

from core.errors import BrokenImage, UnsupportedFormat
from worker.images.boxes import boxes

SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
CODESTREAM = b"\xff\x4f\xff\x51"
"""Start of the codestream and of the segment that has its size."""
MAX_CHANNELS = 4
MAX_TILES, MIN_TILE = 1024, 32 * 32
"""Tiles of any size, and pixels of one if there are more: OpenJPEG takes 6 KiB for each."""
MAX_SEGMENTS = 4096
"""Before the first tile; Pillow looks at each in Python."""
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF = b"JpgTiffExif->JP2"
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_INTO = {b"jp2h", b"res "}
_WITH_ICC = {b"\2", b"\3"}
"""Methods of a colour specification: restricted and any profile."""
_START_OF_TILE, _END = 0x90, 0xD9


def check_jp2(data: bytes) -> None:
    """Refuse a file that costs out of proportion to read.

    Raises:
        BrokenImage: it has more boxes, segments or tiles than an image of its size needs.
        UnsupportedFormat: it has more channels than are read.
    """
    at = _codestream(data)
    if at is None or len(data) < at + 42:
        return
    *size, channels = struct.unpack_from(">8IH", data, at + 8)
    right, bottom, left, top, width, height, tile_left, tile_top = size
    if channels > MAX_CHANNELS:
        raise UnsupportedFormat(f"JPEG 2000 is read with up to {MAX_CHANNELS} channels")
    if not (width and height and left < right and top < bottom):
        raise BrokenImage("the JPEG 2000 file has no pixels")
    tiles = -(-(right - tile_left) // width) * -(-(bottom - tile_top) // height)
    if tiles > MAX_TILES + (right - left) * (bottom - top) // MIN_TILE:
        raise BrokenImage(f"the JPEG 2000 file is cut into {tiles} tiles")
    _check_segments(data, at + 2)


def _check_segments(data: bytes, at: int) -> None:
    for _ in range(MAX_SEGMENTS):
        if at + 4 > len(data) or data[at + 1] in (_START_OF_TILE, _END):
            return
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    raise BrokenImage(f"the JPEG 2000 file has more than {MAX_SEGMENTS} segments")


def _codestream(data: bytes) -> int | None:
    """Return where the codestream begins; None if there is none.

    Raises:
        BrokenImage: see ``boxes``.
    """
    if data.startswith(CODESTREAM):
        return 0
    found = [box.start for box in boxes(data, 0, len(data), _INTO) if box.kind == b"jp2c"]
    return next((at for at in found if data.startswith(CODESTREAM, at)), None)


def depth(data: bytes, size: tuple[int, int]) -> int:
    """Return the bits of the first channel.

    Raises:
        BrokenImage: the codestream has not the ``size``, (width, height), that the header told.
    """
    at = _codestream(data)
    if at is None or len(data) < at + 44:
        raise BrokenImage("the JPEG 2000 file has no codestream")
    right, bottom, left, top = struct.unpack_from(">4I", data, at + 8)
    if (right - left, bottom - top) != size:
        raise BrokenImage("the image's header contradicts itself about its size")
    return (data[at + 42] & 0x7F) + 1


def said(data: bytes) -> dict[str, bytes]:
    """Return what the boxes of a file say: ``icc_profile``, ``xmp``, ``exif``, ``iptc``."""
    found: dict[str, bytes] = {}
    for kind, start, stop in boxes(data, 0, len(data), _INTO):
        if kind == b"colr" and data[start : start + 1] in _WITH_ICC:
            found.setdefault("icc_profile", data[start + 3 : stop])
        elif kind == b"uuid":
            for name, uuid in (("xmp", _XMP), ("exif", _EXIF), ("iptc", _IPTC)):
                if data.startswith(uuid, start):
                    found.setdefault(name, data[start + 16 : stop])
    return found
