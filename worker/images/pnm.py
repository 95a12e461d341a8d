"""PNM with 16 bits a channel, which Pillow cuts to 8 (netpbm's format P6)."""

import re

import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenImage

_HEAD = re.compile(rb"P6" + rb"(?:\s|#[^\r\n]*[\r\n])+(\d+)" * 3 + rb"\s")
_HEAD_BYTES = 4096


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
