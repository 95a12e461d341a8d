"""Colours that a person gives to places: they spread over what looks alike and is joined to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

import numpy as np
from numpy.typing import NDArray

from worker.colour.decode import TINY, Array
from worker.colour.flood import distances
from worker.colour.looks import Looks, Place, looks_of

SIGMA = 5.0
"""Of the Gaussian around a hint's ab: that of the soft encoding (Zhang et al. 2016, 2.1)."""
REACH = 6 * SIGMA
"""Distance in ab at which a bin gets nothing from a hint."""
TRUST = 0.25
"""How much the network's own opinion counts among the bins near a hint."""
RIVALRY = 0.03
"""Share of the grid's longer side by which the nearer of two hints is worth e times as much."""
STRIFE = np.float32(4)
"""Power of what hints have to say alone, where several are heard."""
LEAST = 0.02
"""What a hint has to say at least about a cell to be heard there."""
SHADE = 0.5, 1.5
"""Least and most of a hint's chroma in the shadows and lights of what it is given to."""


@dataclass(frozen=True)
class Hint:
    """A box of the upright image and its colour; the sides are relative to the image, 0..1."""

    left: float
    top: float
    right: float
    bottom: float
    a: float
    b: float

    def __post_init__(self) -> None:
        """Refuse what is no box or no colour.

        Raises:
            ValueError: a side or the colour is no finite number, or the sides are swapped.
        """
        if not all(map(isfinite, (self.left, self.top, self.right, self.bottom, self.a, self.b))):
            raise ValueError("a hint's sides and colour must be finite numbers")
        if self.left > self.right or self.top > self.bottom:
            raise ValueError("a hint's box must have left <= right and top <= bottom")

    @classmethod
    def point(cls, x: float, y: float, a: float, b: float, radius: float = 0.02) -> "Hint":
        """Return a hint for what is around a point; ``radius`` is relative to each side."""
        return cls(x - radius, y - radius, x + radius, y + radius, a, b)

    def cells(self, shape: tuple[int, int]) -> Place | None:
        """Return the cells of a grid, (h, w), whose centres lie in the box; at least one.

        None: the box lies outside the image.
        """
        if self.right < 0 or self.bottom < 0 or self.left > 1 or self.top > 1:
            return None
        return _span(self.top, self.bottom, shape[0]), _span(self.left, self.right, shape[1])


def _span(first: float, last: float, cells: int) -> slice:
    first, last = max(first, 0.0), min(last, 1.0)
    start, stop = ceil(first * cells - 0.5), floor(last * cells - 0.5) + 1
    if start < stop:
        return slice(start, stop)
    middle = min(int((first + last) / 2 * cells), cells - 1)
    return slice(middle, middle + 1)


def apply_hints(
    probabilities: Array, palette: Array, lightness: Array, hints: Sequence[Hint]
) -> Array:
    """Return probabilities bent towards the hints, (bins, h, w); they sum to 1 in every cell.

    ``probabilities`` is (bins, h, w), as it is decoded: rebalanced and sharpened before, so that
    its mean is the colour. ``palette`` is (bins, 2), ``lightness`` L* of the same image, (h', w')
    in 0..100, best four pixels a cell.

    A hint is heard where lightness, texture and the network's own opinion are as in its box and
    no edge lies between. Of several hints the nearest counts most. Boxes outside the image say
    nothing.
    """
    bins, height, width = probabilities.shape
    heard = [(hint, place) for hint in hints if (place := hint.cells((height, width)))]
    if not heard:
        return probabilities
    looks = looks_of(probabilities, palette, lightness)
    said = _influence(looks, [place for _, place in heard]).reshape(len(heard), -1)
    own = probabilities.reshape(bins, -1)
    result = own * (1 - said.sum(axis=0))
    for (hint, place), amount in zip(heard, said, strict=True):
        here = np.flatnonzero(amount)
        if not here.size:
            continue
        shade = _shade(looks.light, place).ravel()[here]
        ab = np.outer(shade, (hint.a, hint.b)).astype(np.float32)
        near = _near(ab, palette)
        both = np.ix_(near, here)
        result[both] += amount[here] * _around(ab, own[both], palette[near])
    return np.asarray(result.reshape(probabilities.shape), np.float32)


def _influence(looks: Looks, places: Sequence[Place]) -> Array:
    """Return what each hint has to say, (hints, h, w) in 0..1; at most 1 in all."""
    likeness, steps = looks.compare(places)
    distance = distances(places, *steps)
    alone = likeness * np.exp(-0.5 * distance * distance)
    for each, place in zip(alone, places, strict=True):
        looks.cover_borders(each, place)
    said = alone * _shares(alone, _straight(places, distance.shape[1:]))
    said[said < LEAST] = 0
    return np.asarray(said, np.float32)


def _shares(alone: Array, away: Array) -> Array:
    """Return the share of each hint among those that are heard in a cell, (hints, h, w)."""
    claim = STRIFE * np.log(np.maximum(alone, TINY)) - away / np.float32(RIVALRY)
    share = np.exp(claim - claim.max(axis=0))
    return np.asarray(share / share.sum(axis=0), np.float32)


def _straight(places: Sequence[Place], shape: tuple[int, ...]) -> Array:
    """Return the straight way from each place, (hints, h, w), in units of the longer side."""

    def outside(side: slice, cells: int) -> Array:
        index = np.arange(cells)
        away = np.maximum(side.start - index, index - side.stop + 1)
        return np.asarray(np.maximum(away, 0) / max(shape), np.float32)

    ways = [(outside(down, shape[0]), outside(right, shape[1])) for down, right in places]
    return np.array([np.hypot(down[:, None], right) for down, right in ways], np.float32)


def _shade(light: Array, place: Place) -> Array:
    """Return how chroma changes with light on one surface, (h, w), 1 in the hinted place.

    Less light on a surface scales X, Y and Z alike, and with them L* + 16, a* and b* (the cubic
    part of CIE 15:2004, 8.2.1).
    """
    relative = (light + 16) / (np.median(light[place]) + 16)
    return np.asarray(np.clip(relative, *SHADE), np.float32)


def _near(ab: Array, palette: Array) -> NDArray[np.intp]:
    """Return the bins that get anything from a hint whose ab, (n, 2), differs in chroma only."""
    chroma = np.hypot(*ab.T)
    first, last = ab[chroma.argmin()], ab[chroma.argmax()]
    way = last - first
    share = np.einsum("qc,c->q", palette - first, way) / max(float(way @ way), 1e-6)
    away = np.hypot(*(palette - first - np.clip(share, 0, 1)[:, None] * way).T)
    return np.flatnonzero(away <= max(REACH, float(away.min())))


def _around(ab: Array, opinion: Array, palette: Array) -> Array:
    """Return a distribution around each ab, (bins, n), for ab (n, 2) and opinions (bins, n)."""
    logits = np.float32(TRUST) * np.log(np.maximum(opinion, TINY))
    # The Gaussian's logarithm, but for what is the same for all bins.
    nearness = (palette / np.float32(SIGMA**2)).astype(np.float32)
    logits += nearness[:, :1] * ab[:, 0] + nearness[:, 1:] * ab[:, 1]
    logits -= ((palette * nearness).sum(axis=1) / 2)[:, None]
    logits -= logits.max(axis=0)
    weights = np.exp(logits)
    return np.asarray(weights / weights.sum(axis=0), np.float32)
