"""JPEG by OpenCV, in a third of the memory that Pillow takes; metadata in segments by us."""

import re
import struct
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenImage
from worker.colour.bands import each_part
from worker.images.about import shortened
from worker.images.codecs import imencode_bgr, imread
from worker.images.intervals import BLOCK, CYCLE, joined
from worker.images.iptc import PHOTOSHOP, to_resources
from worker.images.photo import EXIF_PREFIX, Photo

MAX_SEGMENT = 65_533
"""Bytes in one segment (ITU-T T.81, B.1.1.4)."""
PART_PIXELS = 256 * 1024
"""That are encoded together, where so few make rows enough for a part."""
MAX_SCANS = 64
"""Encoders write some ten; each is a pass over the whole image, however short it is."""
_SOI_AND_JFIF = 20
_APP1, _APP2, _APP13 = b"\xff\xe1", b"\xff\xe2", b"\xff\xed"
_XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
_ICC_PREFIX = b"ICC_PROFILE\0"
_ICC_PART = MAX_SEGMENT - len(_ICC_PREFIX) - 2


_STRAY = re.compile(rb"\xff(?=[^\x00\xd0-\xd7\xff])")
"""A marker among coded data, where only stuffing, restarts and fill belong (T.81, B.1.1.5)."""
_SOS, _EOI = 0xDA, 0xD9
_BETWEEN_SCANS = {0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}
"""Tables, restart interval, number of lines, comment, application data, and the next scan."""


def check_markers(data: bytes) -> None:
    """Refuse a JPEG with damage between its first scan and its end; libjpeg only warns of it.

    Raises:
        BrokenImage: a marker is where none may be, the end is missing, or there are so many
            scans that a small file would take hours.
    """
    at, scans = 2, 0
    while (match := _STRAY.search(data, at)) and match.end() < len(data):
        at = match.end() + 1
        marker = data[at - 1]
        if marker == _EOI:
            return
        if scans and marker not in _BETWEEN_SCANS:
            break
        length = int.from_bytes(data[at : at + 2])
        if marker == _SOS:
            scans += 1
            if scans > MAX_SCANS:
                raise BrokenImage(f"the JPEG has more than {MAX_SCANS} scans")
            # Its header names 1 to 4 components (B.2.3).
            if length != 6 + 2 * data[min(at + 2, len(data) - 1)]:
                break
        at += length
    raise BrokenImage("the JPEG is cut short or damaged")


def decode_jpeg(data: bytes, grey: bool, height: int, width: int) -> NDArray[np.uint8]:
    """Return the levels of a grey JPEG, (h, w), or RGB, (h, w, 3), as stored: not yet upright.

    See ``check_markers`` first.

    Raises:
        BrokenImage: it is cut short or damaged, or not of the size that its header told.
    """
    mode = cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR_RGB
    shape = (height, width) if grey else (height, width, 3)
    return imread(data, mode | cv2.IMREAD_IGNORE_ORIENTATION, shape)


def encode_jpeg(photo: Photo, quality: int) -> bytes:
    """Write an 8-bit photo as baseline JPEG with its metadata, as far as a segment holds it.

    Raises:
        BrokenImage: OpenCV cannot write it.
    """
    plain = _plain(photo.pixels, quality)
    head = plain[:_SOI_AND_JFIF]
    if photo.dpi:
        x, y = (min(65_535, round(value)) for value in photo.dpi)
        # JFIF 1.02: the unit (1: inches) and both densities lie at 13.
        head = head[:13] + struct.pack(">BHH", 1, x, y) + head[18:]
    return b"".join((head, *_metadata(photo), plain[_SOI_AND_JFIF:]))


def _plain(rgb: NDArray[Any], quality: int) -> bytes:
    """Encode RGB, (h, w, 3) uint8, part by part, in as many threads as OpenCV may use."""
    height, width = rgb.shape[:2]
    # An interval for each row of blocks, so that ``proof`` can decode some of them alone.
    interval = -(-width // BLOCK)
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_RST_INTERVAL, interval]
    most = CYCLE * BLOCK * max(1, PART_PIXELS // (CYCLE * BLOCK * width))
    parts: dict[int, bytes] = {}

    def work(todo: Iterator[slice]) -> None:
        buffer = np.empty((min(most, height), width, 3), np.uint8)
        for rows in todo:
            part = cv2.cvtColor(rgb[rows], cv2.COLOR_RGB2BGR, buffer[: rows.stop - rows.start])
            parts[rows.start] = imencode_bgr(".jpg", part, settings)

    each_part(height, most, work)
    return joined([parts[first] for first in sorted(parts)], height)


def _metadata(photo: Photo) -> Iterator[bytes]:
    """Yield the segments that there are and that fit.

    EXIF (Exif 2.32, 4.7.2), XMP (ISO 16684-3, 1.1.3), Photoshop's resources with IPTC, and the
    profile (ICC.1:2022, B.4).
    """
    xmp = photo.xmp
    if xmp and len(_XMP_PREFIX + xmp) > MAX_SEGMENT:
        xmp = shortened(xmp)
    for marker, prefix, body in (
        (_APP1, EXIF_PREFIX, photo.exif),
        (_APP1, _XMP_PREFIX, xmp),
        (_APP13, PHOTOSHOP, to_resources(photo.iptc) if photo.iptc else None),
    ):
        if body and len(prefix + body) <= MAX_SEGMENT:
            yield _segment(marker, prefix + body)
    icc = photo.icc or b""
    parts = [icc[at : at + _ICC_PART] for at in range(0, len(icc), _ICC_PART)]
    for number, part in enumerate(parts, 1):
        yield _segment(_APP2, _ICC_PREFIX + bytes((number, len(parts))) + part)


def _segment(marker: bytes, body: bytes) -> bytes:
    return marker + struct.pack(">H", len(body) + 2) + body
