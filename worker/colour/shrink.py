"""Smaller versions of an image, and of its lightness."""

import math
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.bands import BAND_PIXELS, each_part
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
    """Return the mean of the area of each small pixel: along y first, which is most of the work."""
    full_height, full_width = source.shape
    first, shares = _areas(full_height, height)
    most = max(1, 2 * BAND_PIXELS * height // (full_height * full_width))
    last = np.minimum(np.arange(0, height, most) + most, height) - 1
    deep = int((first[last] - first[::most]).max()) + shares.shape[1]
    small = np.empty((height, width), np.float32)

    def work(parts: Iterator[slice]) -> None:
        light = np.empty((deep, full_width), np.float32)
        lines = np.empty((most, full_width), np.float32)
        for rows in parts:
            top = first[rows.start]
            band = source.rows(slice(top, first[rows.stop - 1] + shares.shape[1]), light)
            means = lines[: rows.stop - rows.start]
            for at, share, mean in zip(first[rows] - top, shares[rows], means, strict=True):
                np.einsum("j,jx->x", share, band[at : at + len(share)], out=mean)
            cv2.resize(means, (width, len(means)), small[rows], interpolation=cv2.INTER_AREA)

    each_part(height, most, work)
    return np.clip(small, 0, 100, out=small)


def _areas(height: int, small: int) -> tuple[NDArray[np.intp], Plane]:
    """Return the first row that each small row stands for, and the shares of it and the next.

    The shares are (small, rows); rows past the area have none.
    """
    edges = np.arange(small + 1) * (height / small)
    count = min(math.ceil(height / small) + 1, height)
    first = np.minimum(edges[:-1].astype(np.intp), height - count)
    row = first[:, None] + np.arange(count)
    covered = np.minimum(row + 1, edges[1:, None]) - np.maximum(row, edges[:-1, None])
    return first, (np.maximum(covered, 0) * (small / height)).astype(np.float32)


def _resize(plane: Plane, width: int, height: int, method: int) -> Plane:
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), np.float32)
