"""CIELAB lightness (D65, from sRGB) of grey and colour images, 8 or 16 bits."""

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Plane = NDArray[np.float32]

BAND_PIXELS = 256 * 1024
LUMINANCE = np.array([[0.212671, 0.715160, 0.072169]], np.float32)
"""Y of linear sRGB, as in OpenCV's inverse conversion."""


def bands(height: int, width: int) -> Iterator[slice]:
    """Yield slices of rows, each of about 256 Ki pixels, so that temporary copies fit the cache."""
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))


def lightness(pixels: Pixels) -> Plane:
    """Return L* in 0..100, (h, w) float32, of grey (h, w) or RGB (h, w, 3) pixels.

    Exact to float32: OpenCV's own RGB2LAB is off by up to 0.19, its LAB2RGB is not.
    """
    linear = _linear_table(pixels.dtype)
    if pixels.ndim == 2:
        return _look_up(pixels, _from_luminance(linear))
    height, width = pixels.shape[:2]
    out = np.empty((height, width), np.float32)
    for rows in bands(height, width):
        luminance = cv2.transform(_look_up(pixels[rows], linear), LUMINANCE)
        out[rows] = _from_luminance(np.asarray(luminance, np.float32))
    return out


def _look_up(pixels: Pixels, table: Plane) -> Plane:
    if pixels.dtype == np.uint8:
        return np.asarray(cv2.LUT(pixels, table), dtype=np.float32)
    return table[pixels]


@cache
def _linear_table(dtype: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Plane:
    """Return linear light in 0..1 of every level: sRGB's transfer curve (IEC 61966-2-1)."""
    level = np.linspace(0, 1, np.iinfo(dtype).max + 1)
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def _from_luminance(luminance: Plane) -> Plane:
    """Return L* of relative luminance in 0..1 (CIE 15:2004, 8.2.1)."""
    root = cv2.pow(luminance, 1 / 3).reshape(luminance.shape) * np.float32(116) - np.float32(16)
    straight = luminance * np.float32(24389 / 27)
    return np.where(luminance > 216 / 24389, root, straight)
