"""OpenCV's codecs, with their failures as our errors and red first."""

import math
import os
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenImage

IN_PLACE, MARK = 1024 * 1024, 32
"""Bytes of pixels that are worth a file, and that are marked to see whether they were written."""
_PART = 256 * 1024


def imdecode(data: bytes, flags: int, size: tuple[int, int]) -> NDArray[Any]:
    """Decode a file whose header told its ``size``, (height, width).

    Raises:
        BrokenImage: it is cut short or damaged, or of another size.
    """
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if pixels is None:
        raise BrokenImage("the image is cut short or damaged")
    if pixels.shape[:2] != size:
        raise BrokenImage("the image's header contradicts itself about its size")
    return pixels


def imread(data: bytes, flags: int, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Decode a file whose header told its size into an array of that ``shape``.

    OpenCV decodes what is in memory into memory of its own and copies that; a file it decodes in
    place. So a large one becomes a file in memory, memfd_create(2), where there is such a thing.

    Raises:
        BrokenImage: it is cut short or damaged, or of another size.
    """
    pixels = _decoded_in_place(data, flags, shape) if math.prod(shape) >= IN_PLACE else None
    # It gives the picture where only the file failed, and else says what is wrong.
    return imdecode(data, flags, (shape[0], shape[1])) if pixels is None else pixels


def _decoded_in_place(data: bytes, flags: int, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Return pixels that were decoded into their place; None if they were not."""
    out = np.empty(shape, np.uint8)
    start, mark = out.reshape(-1)[:MARK], np.frombuffer(os.urandom(MARK), np.uint8)
    start[:] = mark
    try:
        with os.fdopen(os.memfd_create("image"), "wb") as file:
            file.write(data)
            file.flush()
            pixels = cv2.imread(f"/proc/self/fd/{file.fileno()}", out, flags)
    except (AttributeError, OSError, cv2.error):
        return None
    # OpenCV returns the array untouched if it cannot open the file or refuses its header.
    written = pixels is not None and pixels.shape == shape and not np.array_equal(start, mark)
    return out if written else None


def imencode(suffix: str, pixels: NDArray[Any], settings: Sequence[int] = ()) -> bytes:
    """Encode grey, RGB or RGBA pixels with OpenCV.

    They are turned to blue first and back in place, part by part: a copy of the whole image
    would cost as much memory as the image.

    Raises:
        BrokenImage: OpenCV cannot write it.
    """
    if not (pixels.flags.writeable and pixels.flags.c_contiguous):
        pixels = pixels.copy()
    _swap(pixels)
    try:
        return imencode_bgr(suffix, pixels, settings)
    finally:
        _swap(pixels)


def imencode_bgr(suffix: str, pixels: NDArray[Any], settings: Sequence[int] = ()) -> bytes:
    """Encode grey, BGR or BGRA pixels with OpenCV.

    Raises:
        BrokenImage: OpenCV cannot write it.
    """
    ok, written = cv2.imencode(suffix, pixels, settings)
    if not ok:
        raise BrokenImage(f"the result cannot be written as {suffix}")
    return written.tobytes()


def _swap(pixels: NDArray[Any]) -> None:
    """Exchange red and blue in place; grey pixels have neither."""
    if pixels.ndim == 2:
        return
    channels = pixels.shape[2]
    code = cv2.COLOR_RGB2BGR if channels == 3 else cv2.COLOR_RGBA2BGRA
    line = pixels.reshape(-1, channels)
    for at in range(0, len(line), _PART):
        part = line[None, at : at + _PART]
        cv2.cvtColor(part, code, part)
