"""Smaller versions of an image, and of its lightness."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.bands import Work, band_rows, each_band
from worker.colour.lightness import Lightness, Pixels, Plane

SAMPLES = 4
"""Pixels read along each side of a small pixel, of all that it stands for."""


def small_rgb(pixels: Pixels, side: int) -> Plane:
    """Return (h, w, 3) pixels of 8 or 16 bits as 0..1, made small: ``side`` at the longest."""
    longest = max(pixels.shape[:2])
    step = max(1, longest // (side * SAMPLES))
    sampled: NDArray[Any] = np.ascontiguousarray(pixels[::step, ::step])
    if longest > side:
        height, width = (max(1, round(each * side / longest)) for each in pixels.shape[:2])
        sampled = cv2.resize(sampled, (width, height), interpolation=cv2.INTER_AREA)
    return sampled.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def resized(source: Lightness, height: int, width: int) -> Plane:
    """Return L* of another size, (height, width) in 0..100.

    Made smaller, it is the mean of areas; made larger, bicubic.
    """
    if source.shape[0] >= height and source.shape[1] >= width:
        return _shrink(source, height, width)
    return np.clip(_resize(source.whole(), width, height, cv2.INTER_CUBIC), 0, 100)


def _shrink(source: Lightness, height: int, width: int) -> Plane:
    """Return the mean of the area of each small pixel: along x band by band, then along y."""
    full_height, full_width = source.shape
    narrow = np.empty((full_height, width), np.float32)

    def begin() -> Work:
        buffer = np.empty((band_rows(full_height, full_width), full_width), np.float32)

        def work(rows: slice) -> None:
            band = source.rows(rows, buffer)
            cv2.resize(band, (width, len(band)), narrow[rows], interpolation=cv2.INTER_AREA)

        return work

    each_band(full_height, full_width, begin)
    return np.clip(_resize(narrow, width, height, cv2.INTER_AREA), 0, 100)


def _resize(plane: Plane, width: int, height: int, method: int) -> Plane:
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), np.float32)
