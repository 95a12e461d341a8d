"""How the cells of a network's grid look, and how much they look like a place among them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.colour.decode import Array

GRAIN = 5.0
"""Difference of L* that smooth places have within themselves."""
SMOOTH = 3.0
"""Contrast within a cell up to which it counts as smooth."""
LIKE_LIGHT = 20.0
"""Difference of L*, beyond the place's own variation, at which a cell looks less alike."""
LIKE_TEXTURE = 1.2
"""Ratio of local contrasts, as a logarithm, that keeps a flood out."""
LIKE_COLOUR = 50.0
"""Distance in ab of the network's own opinions that keeps a flood out."""
LENGTH = 0.01
"""What a step from cell to cell costs where nothing changes."""
FINE = 4
"""Pixels along a cell at which what lies within it is looked at."""
Place = tuple[slice, slice]


@dataclass(frozen=True)
class Looks:
    """What the cells look like."""

    light: Array
    """(h, w), mean L*."""
    texture: Array
    """(h, w), standard deviation of L* within the cell."""
    colour: Array
    """(2, h, w), mean ab of the network's own opinion."""
    inside: Array
    """(h, w, 16), L* on a grid of 4 x 4 within the cell."""

    def compare(self, places: Sequence[Place]) -> tuple[Array, tuple[Array, Array]]:
        """Return likeness to each place, (n, h, w) in 0..1, and costs of steps between cells.

        The costs are those of steps down, (n, h - 1, w), and to the right, (n, h, w - 1).
        """
        light, spread, texture = (
            np.array(values, np.float32)[:, None, None]
            for values in (
                [np.median(self.light[place]) for place in places],
                [self._variation(place) for place in places],
                [np.median(self.texture[place]) for place in places],
            )
        )
        colour = np.array([self.colour[:, *place].mean(axis=(1, 2)) for place in places])
        apart = ((self.colour - colour[..., None, None]) / LIKE_COLOUR) ** 2
        rougher = np.log((self.texture + SMOOTH) / (texture + SMOOTH)) / LIKE_TEXTURE
        unlike = np.asarray(rougher * rougher + apart.sum(axis=1), np.float32)
        away = (self.light - light) / (LIKE_LIGHT + spread)
        likeness = np.exp((away * away + unlike) / -2)
        return np.asarray(likeness, np.float32), (
            self._steps(spread, unlike, 1),
            self._steps(spread, unlike, 2),
        )

    def _steps(self, spread: Array, unlike: Array, axis: int) -> Array:
        """Return the costs of steps along an axis of (n, h, w)."""
        edge = (np.diff(self.light[None], axis=axis) / spread) ** 2
        here, there = _pairs(unlike, axis)
        # Squares of squares: many small differences on a long way add up to little.
        return np.asarray(edge * edge + (here * here + there * there) / 2 + LENGTH, np.float32)

    def _variation(self, place: Place) -> float:
        """Return by how much L* varies in a place of one kind."""
        return float(np.hypot(GRAIN, 1.5 * np.median(self.texture[place])))

    def cover_borders(self, amount: Array, place: Place) -> None:
        """Add what a neighbour has to the cells that an edge runs through, by the share of it.

        ``amount`` is (h, w) in 0..1, of one place; it is changed.
        """
        around = np.asarray(cv2.dilate(amount, np.ones((3, 3), np.uint8)), np.float32)
        spread = self._variation(place)
        cells = np.nonzero((around > np.maximum(2 * amount, 0.1)) & (self.texture > spread))
        near = np.asarray(cv2.blur(amount, (3, 3)), np.float32)[cells]
        light = np.asarray(cv2.blur(amount * self.light, (3, 3)), np.float32)[cells] / near
        away = (self.inside[cells] - light[:, None]) / spread
        share = np.exp(-0.5 * away * away).mean(axis=1)
        amount[cells] = np.maximum(amount[cells], around[cells] * share)


def _pairs(values: Array, axis: int) -> tuple[Array, Array]:
    """Return all but the last and all but the first along an axis."""
    size = values.shape[axis]
    return values.take(range(size - 1), axis), values.take(range(1, size), axis)


def looks_of(probabilities: Array, palette: Array, lightness: Array) -> Looks:
    """Return the looks of the cells, for ``probabilities`` (bins, h, w) and L* (h', w')."""
    height, width = probabilities.shape[1:]
    size = FINE * width, FINE * height
    fine = np.asarray(cv2.resize(lightness, size, interpolation=cv2.INTER_AREA), np.float32)
    inside = fine.reshape(height, FINE, width, FINE).swapaxes(1, 2).reshape(height, width, -1)
    colour = np.einsum("qc,qhw->chw", palette, probabilities)
    return Looks(inside.mean(axis=2), inside.std(axis=2), np.asarray(colour, np.float32), inside)
