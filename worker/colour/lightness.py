"""CIELAB lightness (D65, from sRGB) of grey and colour images, 8 or 16 bits."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.bands import Work, band_rows, each_band

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Plane = NDArray[np.float32]

LUMINANCE = np.array([[0.212671, 0.715160, 0.072169]], np.float32)
"""Y of linear sRGB, as in OpenCV's inverse conversion."""
KNEE = 8.0
"""L* up to which it is proportional to luminance (CIE 15:2004, 8.2.1)."""


@dataclass(frozen=True)
class Lightness:
    """L* in 0..100 of every pixel, computed for the rows that are asked for.

    Grey images keep their levels, a byte or two a pixel, and a table; the others are four
    bytes of L* a pixel.
    """

    levels: Pixels | Plane
    """(h, w), grey levels; without a table, L* itself."""
    table: Plane | None
    """L* of every level."""
    depth: int
    """Bits of the source, 8 or 16."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.levels.shape
        return height, width

    def rows(self, rows: slice, buffer: Plane | None = None) -> Plane:
        """Return L* of some rows, (n, w) float32; not to be written to.

        ``buffer``, (n or more, w), may be used for it.
        """
        part = self.levels[rows]
        if self.table is None:
            return np.asarray(part, np.float32)
        return _look_up(part, self.table, None if buffer is None else buffer[: len(part)])

    def whole(self) -> Plane:
        """Return L* of the image, (h, w) float32."""
        return self.rows(slice(None))


def lightness(pixels: Pixels) -> Lightness:
    """Return the lightness of grey (h, w) or RGB (h, w, 3) pixels of 8 or 16 bits.

    Exact to float32: OpenCV's own RGB2LAB is off by up to 0.19, its LAB2RGB is not.
    """
    linear = _linear_table(pixels.dtype)
    depth = 8 * pixels.dtype.itemsize
    if pixels.ndim == 2:
        return Lightness(pixels, _from_luminance(linear.copy(), np.empty_like(linear)), depth)
    height, width = pixels.shape[:2]
    out = np.empty((height, width), np.float32)

    def begin() -> Work:
        light = np.empty((band_rows(height, width), width, 3), np.float32)
        straight = np.empty(light.shape[:2], np.float32)

        def work(rows: slice) -> None:
            here = slice(0, rows.stop - rows.start)
            rgb = _look_up(pixels[rows], linear, light[here])
            cv2.transform(rgb, LUMINANCE, out[rows])
            _from_luminance(out[rows], straight[here])

        return work

    each_band(height, width, begin)
    return Lightness(out, None, depth)


def _look_up(levels: NDArray[Any], table: Plane, out: Plane | None = None) -> Plane:
    if levels.dtype == np.uint8:
        return np.asarray(cv2.LUT(levels, table, out), dtype=np.float32)
    return np.take(table, levels, out=out)


@cache
def _linear_table(dtype: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Plane:
    """Return linear light in 0..1 of every level: sRGB's transfer curve (IEC 61966-2-1)."""
    level = np.linspace(0, 1, np.iinfo(dtype).max + 1)
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def _from_luminance(plane: Plane, straight: Plane) -> Plane:
    """Turn relative luminance in 0..1 into L* (CIE 15:2004, 8.2.1), in place."""
    np.multiply(plane, np.float32(24389 / 27), out=straight)
    cv2.pow(plane, 1 / 3, plane)
    plane *= np.float32(116)
    plane -= np.float32(16)
    # The straight part is the curve's tangent at the knee, so it is the lower one only there.
    np.maximum(plane, np.float32(KNEE), out=plane)
    return np.minimum(plane, straight, out=plane)
