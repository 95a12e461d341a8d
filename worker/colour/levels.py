"""From CIELAB to the levels of sRGB, in 8 or 16 bits."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.lightness import Pixels, Plane

STEPS = np.float32(65_535)
"""Of 16 bits, and of linear light where 8 bits are looked up: a level inside has 20 or more."""


class Quantizer:
    """Turns CIELAB into levels, over and over with the same buffers."""

    def __init__(self, rows: int, width: int, depth: int, scratch: Plane | None = None) -> None:
        """``rows``: the most there will be at once.

        ``scratch``, (rows, width, 3), is memory that may be overwritten.
        """
        size = (rows, width, 3)
        self._rgb = np.empty(size, np.float32) if scratch is None else scratch
        self._steps = np.empty(size if depth == 8 else 0, np.uint16)

    def write(self, lab: Plane, out: Pixels) -> Pixels:
        """Write rows of CIELAB, (n, width, 3), to ``out``; what lies outside sRGB is clipped.

        ``out`` is uint8 (n, width, 3) if the depth is 8, else uint16. Returned are values of that
        shape which are 0 or 65535 where something was clipped, and nearly nowhere else.
        """
        rgb = self._rgb[: len(lab)]
        if out.dtype == np.uint16:
            cv2.cvtColor(lab, cv2.COLOR_LAB2RGB, rgb)
            rgb *= STEPS
            rgb += np.float32(0.5)
            out[:] = rgb
            return out
        # OpenCV takes twice as long for the transfer curve as for all else, so a table has it.
        cv2.cvtColor(lab, cv2.COLOR_LAB2LRGB, rgb)
        steps = self._steps[: len(lab)]
        np.multiply(rgb, STEPS, out=steps, casting="unsafe")
        cv2.LUT(steps, _levels(), out)
        return steps


@cache
def _levels() -> NDArray[np.uint8]:
    """Return the level of every step of linear light: sRGB's transfer curve (IEC 61966-2-1)."""
    linear = (np.arange(STEPS + 1) + 0.5) / STEPS
    curve = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(np.minimum(curve, 1) * 255)[None], np.uint8)
