"""PNM: its header, and 16 bits a channel, which Pillow cuts to 8 (netpbm's formats P1 to P6)."""

import re

import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenImage

_HEAD = re.compile(rb"P6" + rb"(?:\s|#[^\r\n]*[\r\n])+(\d+)" * 3 + rb"\s")
_HEAD_BYTES = 4096
MAX_HEADER = 64 * 1024
"""Bytes before the pixels, comments among them: Pillow reads them one by one."""
_COMMENT = re.compile(rb"#[^\r\n]*")


def check_header(data: bytes) -> None:
    """Refuse a file whose header does not end.

    Raises:
        BrokenImage: it has more than ``MAX_HEADER`` bytes.
    """
    words = _COMMENT.sub(b"", data[:MAX_HEADER]).split(None, 4)
    if len(data) > MAX_HEADER and len(words) < (4 if data[:2] in {b"P1", b"P4"} else 5):
        raise BrokenImage(f"the PNM's header has more than {MAX_HEADER} bytes")


def is_deep_colour(data: bytes) -> bool:
    """Whether a file is P6 with levels above 255."""
    head = _HEAD.match(data[:_HEAD_BYTES])
    return head is not None and int(head[3]) > 255


def decode(data: bytes, height: int, width: int) -> NDArray[np.uint16]:
    """Return RGB, (h, w, 3), its largest level at 65,535.

    Raises:
        BrokenImage: it is cut short, or not of the size that its header told.
    """
    head = _HEAD.match(data[:_HEAD_BYTES])
    most = int(head[3]) if head else 0
    if head is None or (int(head[1]), int(head[2])) != (width, height) or most > 65_535:
        raise BrokenImage("the PPM's header contradicts itself")
    count = height * width * 3
    if len(data) - head.end() < 2 * count:
        raise BrokenImage("the PPM is cut short")
    levels = np.frombuffer(data, ">u2", count, head.end()).reshape(height, width, 3)
    if most == 65_535:
        return levels.astype(np.uint16)
    scaled = np.minimum(levels, most).astype(np.uint32) * 65_535
    return np.asarray((scaled + most // 2) // most, np.uint16)
