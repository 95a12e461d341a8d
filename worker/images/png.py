"""PNG of 8 or 16 bits with its metadata: pixels by OpenCV, the chunks for the rest by us."""

import struct
import zlib
from collections.abc import Iterator

from worker.images.codecs import imencode
from worker.images.photo import EXIF_PREFIX, Photo, with_alpha

_SIGNATURE_AND_IHDR = 33
"""Bytes of a PNG before the place for the chunks below (PNG specification, 5.6)."""
_INCHES_IN_A_METRE = 1 / 0.0254


def encode_png(photo: Photo) -> bytes:
    """Write a PNG of the photo's depth.

    Raises:
        BrokenImage: OpenCV cannot write it.
    """
    plain = imencode(".png", with_alpha(photo))
    head, rest = plain[:_SIGNATURE_AND_IHDR], plain[_SIGNATURE_AND_IHDR:]
    return b"".join((head, *_metadata(photo), rest))


def _metadata(photo: Photo) -> Iterator[bytes]:
    """Yield the chunks iCCP, pHYs and eXIf, as far as there is something to say."""
    if photo.icc:
        yield _chunk(b"iCCP", b"ICC Profile\0\0" + zlib.compress(photo.icc))
    if photo.dpi:
        x, y = (round(value * _INCHES_IN_A_METRE) for value in photo.dpi)
        yield _chunk(b"pHYs", struct.pack(">IIB", x, y, 1))
    if photo.exif:
        yield _chunk(b"eXIf", photo.exif.removeprefix(EXIF_PREFIX))


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
