"""Colours that sRGB does not have: they lose chroma, and keep their lightness and hue."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.levels import Quantizer
from worker.colour.lightness import Pixels, Plane

TO_LINEAR = np.array(
    [
        [3.240479, -1.53715, -0.498535],
        [-0.969256, 1.875991, 0.041556],
        [0.055648, -0.204043, 1.057311],
    ],
    np.float32,
)
"""Linear sRGB of X, Y, Z, as in OpenCV's conversion."""
WHITE = np.array([0.950456, 1, 1.088754], np.float32)
"""X, Y, Z of D65, as there."""
KNEE, SLOPE, OFFSET = np.float32(6 / 29), np.float32(108 / 841), np.float32(4 / 29)
"""Where the cube root begins, and the straight part below (CIE 15:2004, 8.2.1)."""
TOLERANCE = np.float32(1e-6)
HALVINGS = 10
LEVELS, HUES = 401, 721
"""Of L* and hue that the table has."""
MOST, STRIDE = np.float32(140), np.float32(3)
"""More chroma than sRGB has anywhere, and the steps in which the way out is looked for."""
JUMP = np.float32(5)
LEAST, HIGHEST = 1, 65_534
"""Values that surely were not clipped."""
LEAST_LIGHT, MOST_LIGHT = (1e-8,) * 3, (1 - 2e-7,) * 3
"""Linear light that was not."""
TOGETHER = 32 * 1024
"""Pixels that are mended at once, or more."""
WHOLE = 64
"""Colours: OpenCV computes those that do not fill its vectors a little differently."""
MOST_COLUMNS = 2**15 - WHOLE
"""Of an image that OpenCV's ``remap`` makes."""


class Clipped:
    """The pixels of a picture that were clipped, until they get the colour that sRGB has for them.

    They are mended many at a time: in threads, a small step takes less than waiting for its turn.
    Which ones are together makes no difference.
    """

    def __init__(self, pixels: Pixels) -> None:
        """``pixels``: the levels of the picture, (h, w, 3), in one block of memory."""
        self._pixels = pixels
        self._found: list[NDArray[np.intp]] = []
        self._colours: list[Plane] = []
        self._count = 0

    def add(self, top: int, lab: Plane, values: Pixels) -> None:
        """Look for such pixels in rows that have been written, from ``top`` on.

        ``lab`` is (n, w, 3) CIELAB, ``values`` says where it was clipped, see ``Quantizer.write``.
        """
        found = _clipped(values)
        self._colours.append(np.take(lab.reshape(-1, 3), found, axis=0))
        self._found.append(found + top * lab.shape[1])
        self._count += found.size
        if self._count >= TOGETHER:
            self.mend()

    def mend(self) -> None:
        """Mend what has been found so far."""
        if not self._count:
            return
        found, colours = np.concatenate(self._found), np.concatenate(self._colours)
        self._found, self._colours, self._count = [], [], 0
        colours = _tamed(np.pad(colours, ((0, -found.size % WHOLE), (0, 0))))
        levels = np.empty((1, len(colours), 3), self._pixels.dtype)
        Quantizer(1, len(colours), 8 * levels.itemsize).write(colours[None], levels)
        mended = levels[0, : found.size]
        # Pixel by pixel, NumPy moves them three times as fast as by rows of three.
        whole = np.dtype((np.void, 3 * levels.itemsize))
        np.put(self._pixels.reshape(-1).view(whole), found, mended.reshape(-1).view(whole))


def _clipped(values: Pixels) -> NDArray[np.intp]:
    """Return which pixels, counted row by row, have a value that may have been clipped."""
    kept = cv2.inRange(values.reshape(len(values), -1), LEAST, HIGHEST).reshape(values.shape)
    # The grey of three times 255 is 255, of anything else it is less.
    return np.flatnonzero(cv2.cvtColor(kept, cv2.COLOR_RGB2GRAY) != 255)


def _tamed(colours: Plane) -> Plane:
    """Return colours, (n, 3), within sRGB; the few that it has after all are what they were."""
    linear = cv2.cvtColor(colours[None], cv2.COLOR_LAB2LRGB)
    inside = np.flatnonzero(cv2.inRange(linear, LEAST_LIGHT, MOST_LIGHT))
    tamed = within_srgb(colours)
    tamed[inside] = colours[inside]
    return tamed


def within_srgb(lab: Plane) -> Plane:
    """Return colours, (n, 3) CIELAB with L* in 0..100, with as much chroma as sRGB has for them."""
    if len(lab) > MOST_COLUMNS:
        starts = range(0, len(lab), MOST_COLUMNS)
        return np.concatenate([within_srgb(lab[at : at + MOST_COLUMNS]) for at in starts])
    light, a, b = cv2.split(lab[None])
    chroma, hue = cv2.cartToPolar(a, b)
    hue *= np.float32((HUES - 1) / (2 * np.pi))
    row = light * np.float32((LEVELS - 1) / 100)
    most = cv2.remap(_most_chroma(), hue, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    share = most / np.maximum(chroma, most + TOLERANCE)
    return np.asarray(cv2.merge((light, a * share, b * share))[0], np.float32)


def prepare() -> None:
    """Compute what is computed once, so that the first photograph does not wait for it."""
    _most_chroma()


@cache
def _most_chroma() -> Plane:
    """Return the most chroma that sRGB has, (LEVELS, HUES): L* 0..100, hue 0..360 degrees."""
    hue = np.linspace(0, 2 * np.pi, HUES, dtype=np.float32)
    light = np.linspace(0, 100, LEVELS, dtype=np.float32)[:, None]
    parts = np.array_split(light, LEVELS // 10)
    found = np.concatenate([_way_out(part, np.cos(hue), np.sin(hue)) for part in parts])
    least = np.asarray(cv2.erode(found, np.ones((3, 3), np.uint8)), np.float32)
    # Where the way out jumps, a line between two entries would lead outside.
    return np.where(found - least > JUMP, least, found)


def _way_out(light: Plane, cos: Plane, sin: Plane) -> Plane:
    """Return the chroma at which each hue leaves sRGB, (levels, hues)."""
    found = np.zeros((len(light), len(cos)), np.float32)
    inside = np.ones(found.shape, np.bool_)
    # Bright yellows leave sRGB and come back with more chroma, so the first way out counts.
    for chroma in np.arange(STRIDE, MOST, STRIDE, dtype=np.float32):
        inside &= _fits(light, chroma * cos, chroma * sin)
        found[inside] = chroma
    step = STRIDE
    for _ in range(HALVINGS):
        step /= 2
        more = found + step
        found = np.where(_fits(light, more * cos, more * sin), more, found)
    return found


def _fits(light: Plane, a: Plane, b: Plane) -> NDArray[np.bool_]:
    """Return whether sRGB has each colour."""
    y = (light + np.float32(16)) / np.float32(116)
    f = np.stack(np.broadcast_arrays(y + a / np.float32(500), y, y - b / np.float32(200)))
    white = WHITE[:, None, None]
    xyz = np.where(f > KNEE, f * f * f, (f - OFFSET) * SLOPE) * white
    linear = np.einsum("ck,k...->c...", TO_LINEAR, xyz)
    return np.asarray(((linear >= -TOLERANCE) & (linear <= 1 + TOLERANCE)).all(axis=0))
