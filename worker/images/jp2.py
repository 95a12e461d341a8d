"""JPEG 2000: depth, profile and metadata, which Pillow does not tell (ISO 15444-1, A.5, I)."""

import struct
from collections.abc import Iterator

from core.errors import BrokenImage

_SIZE = b"\xff\x4f\xff\x51"
"""Start of the codestream and of the segment that has its size."""
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF = b"JpgTiffExif->JP2"
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_INTO = {b"jp2h"}
_RESTRICTED_ICC, _ANY_ICC = 2, 3


def depth(data: bytes, size: tuple[int, int]) -> int:
    """Return the bits of the first channel.

    Raises:
        BrokenImage: the codestream has not the ``size``, (width, height), that the header told.
    """
    at = data.find(_SIZE)
    if at < 0 or len(data) < at + 44:
        raise BrokenImage("the JPEG 2000 file has no codestream")
    right, bottom, left, top = struct.unpack_from(">4I", data, at + 8)
    if (right - left, bottom - top) != size:
        raise BrokenImage("the image's header contradicts itself about its size")
    return (data[at + 42] & 0x7F) + 1


def said(data: bytes) -> dict[str, bytes]:
    """Return what the boxes of a file say: ``icc_profile``, ``xmp``, ``exif``, ``iptc``."""
    found: dict[str, bytes] = {}
    for kind, body in _boxes(data, 0, len(data)):
        if kind == b"colr" and body[:1] and body[0] in (_RESTRICTED_ICC, _ANY_ICC):
            found.setdefault("icc_profile", body[3:])
        elif kind == b"uuid":
            for name, uuid in (("xmp", _XMP), ("exif", _EXIF), ("iptc", _IPTC)):
                if body.startswith(uuid):
                    found.setdefault(name, body[16:])
    return found


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each box, those of the header's box one by one."""
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if length == 1 and at + 16 <= end:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = end if length == 0 else at + length
        if stop < start or stop > end:
            return
        if kind in _INTO:
            yield from _boxes(data, start, stop)
        elif kind != b"jp2c":
            yield kind, data[start:stop]
        at = stop
