"""PNM (netpbm's formats P1 to P6): its header, and the levels that Pillow scales one by one."""

import re

import numpy as np

from core.errors import BrokenImage
from worker.colour.lightness import Pixels

_HEAD = re.compile(rb"P([56])" + rb"(?:\s|#[^\r\n]*[\r\n])+(\d+)" * 3 + rb"\s")
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


def is_ours(data: bytes) -> bool:
    """Whether a file is P5 or P6 with another largest level than 255."""
    head = _HEAD.match(data[:_HEAD_BYTES])
    return head is not None and int(head[4]) != 255


def decode(data: bytes, height: int, width: int) -> Pixels:
    """Return grey, (h, w), or RGB, (h, w, 3), its largest level at 255 or else at 65,535.

    Raises:
        BrokenImage: it is cut short, or not of the size that its header told.
    """
    head = _HEAD.match(data[:_HEAD_BYTES])
    most = int(head[4]) if head else 0
    if head is None or (int(head[2]), int(head[3])) != (width, height) or not 0 < most <= 65_535:
        raise BrokenImage("the PNM's header contradicts itself")
    shape = (height, width, 3) if head[1] == b"6" else (height, width)
    stored, full = (np.dtype(np.uint8), 255) if most < 256 else (np.dtype(">u2"), 65_535)
    count = int(np.prod(shape))
    if len(data) - head.end() < count * stored.itemsize:
        raise BrokenImage("the PNM is cut short")
    levels = np.frombuffer(data, stored, count, head.end()).reshape(shape)
    scale = (np.arange(most + 1, dtype=np.uint64) * full + most // 2) // most
    table = scale.astype(np.uint8 if most < 256 else np.uint16)
    return np.asarray(table[np.minimum(levels, most)], table.dtype)
