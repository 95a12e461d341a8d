"""How far the lightness of a result is from its source's, which was to stay as it is."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from worker.colour.lightness import Lightness, Pixels, lightness

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
    own: Lightness
    """Of the strips, one below the other."""

    def difference(self, read: Callable[[slice], Pixels]) -> Difference:
        """Return how far a result is from the source; ``read`` gives rows of its sRGB pixels."""
        worst, total, at = 0.0, 0.0, 0
        together = max(1, SAMPLED // (BLOCK * self.own.shape[1]))
        for first in range(0, len(self.strips), together):
            pixels = np.concatenate([read(rows) for rows in self.strips[first : first + together]])
            below = at + len(pixels)
            off = cv2.absdiff(lightness(pixels).whole(), self.own.rows(slice(at, below)))
            worst = max(worst, float(off.max()))
            total += float(off.sum(dtype=np.float64))
            at = below
        return Difference(worst, total / self.own.levels.size)


def sample(source: Lightness, whole: bool = False) -> Sample:
    """Return the strips of a source that stand for it: eight rows each, evenly spread, or all.

    They keep away from the rows where JPEG's blocks meet: a decoder that sees some blocks alone
    would smooth the chroma there as if the picture ended.
    """
    height, width = source.shape
    whole = whole or height * width <= SAMPLED
    share = (BLOCK - 2 * EDGE) / BLOCK
    every = 1 if whole else max(2, math.ceil(height * width * share / SAMPLED))
    edge = 0 if whole else EDGE
    last = (height - 1) // BLOCK * BLOCK
    strips = tuple(
        slice(min(top + edge, height - 1), max(top + 1, min(top + BLOCK - edge, height)))
        for top in range(min(every // 2 * BLOCK, last), height, every * BLOCK)
    )
    if whole:
        return Sample(strips, source)
    levels = np.concatenate([source.levels[rows] for rows in strips])
    return Sample(strips, replace(source, levels=levels))
