"""GIF: Pillow finds, and allocates, the first frame when it opens a file (GIF89a, 17 to 27)."""

import io
import struct

from core.errors import BrokenImage

SIGNATURES = b"GIF87a", b"GIF89a"
MAX_BEFORE = 256 * 1024
"""Bytes before the first frame: Pillow joins comments piece by piece."""
_HEAD = 13
_COMMENT, _APPLICATION = 0xFE, 0xFF


def size_of(data: bytes) -> tuple[int, int]:
    """Return width and height of the screen and the first frame on it, as Pillow reads them.

    Raises:
        BrokenImage: the frame is not within the first ``MAX_BEFORE`` bytes.
    """
    if len(data) < _HEAD:
        return 0, 0
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    palette = 3 << (flags & 7) + 1 if flags & 0x80 else 0
    file = io.BytesIO(data[_HEAD + palette :][:MAX_BEFORE])
    while byte := file.read(1):
        if byte == b"!":
            _skip_extension(file)
        elif byte == b",":
            frame = file.read(8).ljust(8, b"\0")
            left, top, frame_width, frame_height = struct.unpack("<4H", frame)
            return max(width, left + frame_width), max(height, top + frame_height)
        elif byte == b";":
            break
    else:
        if len(data) > _HEAD + palette + MAX_BEFORE:
            raise BrokenImage(f"the GIF has {MAX_BEFORE} bytes before its first frame")
    return width, height


def _skip_extension(file: io.BytesIO) -> None:
    label = file.read(1)
    block = _block(file)
    if label == bytes([_COMMENT]) and not block:
        return
    if label == bytes([_APPLICATION]) and block.startswith(b"NETSCAPE2.0"):
        _block(file)
    # An empty first block does not end another extension for Pillow.
    while _block(file):
        pass


def _block(file: io.BytesIO) -> bytes:
    length = file.read(1)
    return file.read(length[0]) if length else b""
