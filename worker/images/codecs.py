"""OpenCV's codecs, with their failures as our errors and red first."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenImage

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
