"""How far the lightness of a result is from its source's, which was to stay as it is."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from worker.colour.lightness import Lightness, Pixels, Plane, lightness

BLOCK, EDGE = 16, 4
"""Rows that JPEG codes together; of these, the ones at each end that are left out."""
SAMPLED = 512 * 1024
"""Pixels that are looked at; a photograph that has no more of them is looked at as a whole."""


@dataclass(frozen=True)
class Difference:
    """Absolute differences of L*, in 0..100."""

    max: float
    mean: float


@dataclass(frozen=True)
class Sample:
    """Strips of a source, spread evenly from top to bottom, and their L*."""

    strips: tuple[slice, ...]
    planes: tuple[Plane, ...]

    def difference(self, read: Callable[[slice], Pixels]) -> Difference:
        """Return how far a result is from the source; ``read`` gives rows of its sRGB pixels."""
        worst, total, count = 0.0, 0.0, 0
        for rows, plane in zip(self.strips, self.planes, strict=True):
            off = cv2.absdiff(lightness(read(rows)).whole(), plane)
            worst = max(worst, float(off.max()))
            total += float(off.sum(dtype=np.float64))
            count += off.size
        return Difference(worst, total / count)


def sample(source: Lightness) -> Sample:
    """Return the strips of a source that stand for it: eight rows each, evenly spread.

    They keep away from the rows where JPEG's blocks meet: a decoder that sees some blocks alone
    would smooth the chroma there as if the picture ended.
    """
    height, width = source.shape
    whole = height * width <= SAMPLED
    share = (BLOCK - 2 * EDGE) / BLOCK
    every = 1 if whole else max(2, math.ceil(height * width * share / SAMPLED))
    edge = 0 if whole else EDGE
    last = (height - 1) // BLOCK * BLOCK
    strips = tuple(
        slice(min(top + edge, height - 1), max(top + 1, min(top + BLOCK - edge, height)))
        for top in range(min(every // 2 * BLOCK, last), height, every * BLOCK)
    )
    return Sample(strips, tuple(source.rows(rows).copy() for rows in strips))
