"""CIELAB lightness (D65, from sRGB) of grey and colour images, 8 or 16 bits."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.bands import band_rows, each_band

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Plane = NDArray[np.float32]

LUMINANCE = np.array([[0.212671, 0.715160, 0.072169]], np.float32)
"""Y of linear sRGB, as in OpenCV's inverse conversion."""
CUBE = np.float32(116**3)
"""116 cbrt(Y) is cbrt(116^3 Y), which saves a pass over the image."""
KNEE = np.float32(8)
"""L* up to which it is proportional to luminance (CIE 15:2004, 8.2.1)."""
STEPS = np.float32(65_535)
"""Of the square root of luminance: L* is nearly even in it, and a root is soon taken."""
FINE = 65_535 / 100
"""Steps of L* in a 16-bit level."""


@dataclass(frozen=True)
class Lightness:
    """L* in 0..100 of every pixel, computed for the rows that are asked for.

    Grey images keep their own levels, a byte or two a pixel. L* of colour images takes two
    bytes a pixel if they have 8 bits, else four.
    """

    levels: Pixels | Plane
    """(h, w), grey levels; without a table, L* in units of ``unit``."""
    table: Plane | None
    """L* of every level."""
    depth: int
    """Bits of the source, 8 or 16."""
    unit: float = 1.0

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
        out = None if buffer is None else buffer[: len(part)]
        if self.table is not None:
            return _look_up(part, self.table, out)
        if part.dtype == np.float32:
            return np.asarray(part, np.float32)
        return np.multiply(part, np.float32(self.unit), out=out, dtype=np.float32)

    def whole(self) -> Plane:
        """Return L* of the image, (h, w) float32."""
        return self.rows(slice(None))


@dataclass(frozen=True)
class Space:
    """A colour space other than sRGB: what its levels mean."""

    linear: Plane
    """(levels,) or, for channels that differ, (levels, 3): linear light in 0..1."""
    luminance: Plane
    """(1, 3), Y of R, G and B relative to white at D65; together 1."""

    @property
    def grey(self) -> Plane:
        """Luminance of every level of grey, (levels,)."""
        if self.linear.ndim == 1:
            return self.linear
        return np.asarray((self.linear * self.luminance).sum(axis=1), np.float32)


def lightness(pixels: Pixels, space: Space | None = None) -> Lightness:
    """Return the lightness of grey (h, w) or RGB (h, w, 3) pixels of 8 or 16 bits.

    They are sRGB unless they have another ``space``. Exact to 0.001, in RGB of 8 bits to 0.0025:
    OpenCV's own RGB2LAB is off by up to 0.19, its LAB2RGB is not.
    """
    space = space or srgb(pixels.dtype)
    linear = space.linear if pixels.ndim == 3 else space.grey
    depth = 8 * pixels.dtype.itemsize
    if pixels.ndim == 2:
        return Lightness(pixels, _from_luminance(linear * CUBE, np.empty_like(linear)), depth)
    height, width = pixels.shape[:2]
    out: NDArray[Any] = np.empty((height, width), np.uint16 if depth == 8 else np.float32)

    def work(bands: Iterator[slice]) -> None:
        light = np.empty((band_rows(height, width), width, 3), np.float32)
        plane, straight = np.empty((2, *light.shape[:2]), np.float32)
        steps = np.empty(plane.shape, np.uint16)
        for rows in bands:
            here = slice(0, rows.stop - rows.start)
            rgb = _look_up(pixels[rows], linear, light[here])
            if depth == 8:
                roots = np.sqrt(_luminance(rgb, space, STEPS**2, plane[here]), out=plane[here])
                np.copyto(steps[here], roots, casting="unsafe")
                cv2.LUT(steps[here], _of_roots(), out[rows])
            else:
                found = _luminance(rgb, space, CUBE, plane[here])
                out[rows] = _from_luminance(found, straight[here])

    each_band(height, width, work)
    return Lightness(out, None, depth, 1 / FINE if depth == 8 else 1.0)


def _look_up(levels: NDArray[Any], table: Plane, out: Plane | None = None) -> Plane:
    return np.asarray(cv2.LUT(levels, table[None], out), np.float32)


@cache
def srgb(dtype: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Space:
    """Return sRGB for pixels of 8 or 16 bits."""
    return Space(_linear_table(dtype), LUMINANCE)


def _linear_table(dtype: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Plane:
    """Return linear light in 0..1 of every level: sRGB's transfer curve (IEC 61966-2-1)."""
    level = np.linspace(0, 1, np.iinfo(dtype).max + 1)
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


def _luminance(rgb: Plane, space: Space, white: np.float32, out: Plane) -> Plane:
    """Return luminance in 0..``white`` of linear light, (n, w, 3), in ``out``."""
    cv2.transform(rgb, space.luminance * white, out)
    # A space may have colours of more light than its white, and of less than none.
    return np.clip(out, 0, white, out=out)


@cache
def _of_roots() -> NDArray[np.uint16]:
    """Return L*, in steps of ``FINE``, of every step of the root of luminance, (1, 65536)."""
    root = (np.arange(STEPS + 1, dtype=np.float32) + np.float32(0.5)) / STEPS
    plane = np.minimum(root * root, 1) * CUBE
    light = _from_luminance(plane, np.empty_like(plane))
    return np.asarray(np.rint(light * FINE)[None], np.uint16)


def _from_luminance(plane: Plane, straight: Plane) -> Plane:
    """Turn luminance, 0..1 times ``CUBE``, into L* (CIE 15:2004, 8.2.1), in place."""
    np.multiply(plane, np.float32(24389 / 27) / CUBE, out=straight)
    cv2.pow(plane, 1 / 3, plane)
    plane -= np.float32(16)
    # The straight part is the curve's tangent at the knee, so it is the lower one only there.
    np.maximum(plane, KNEE, out=plane)
    return np.minimum(plane, straight, out=plane)
