"""Several plausible colourings of one photograph, from one distribution.

A network is often unsure: a dress may be red or blue, and the ordinary colour lies between. Here
each part that the network sees alike gets a target, at random among the colours that it holds
possible, and the distribution of every cell then counts more near its target. Targets change
smoothly over the picture, so whole regions change, and each cell keeps what it is sure of.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from worker.colour.decode import TINY, Array
from worker.colour.distribution import PLAIN, Decoding, Distribution, decode, settle
from worker.colour.parts import parts

MOST = 5
DISTANCE = 7.0
"""Least mean distance in the ab plane between any two variants, on the small grid."""
ROUGH, FLAT = 1.4, 3.0
"""Most total variation of a variant, in that of the ordinary one, which counts as this at least."""
GRID = 28
"""Longest side of the small grid, on which colourings are tried."""
DRAWS = 32
CHANCE = (0.5, 3.0)
"""What chance counts, in nats, in the first draw and in the last."""
DENSITY, TARGET = 12.0, 22.0
"""Widths in ab of the Gaussians by which a colour's density is taken, and about a target."""
LIKENESS = 4
"""Power of the likeness of two parts, by which they have their chance in common."""


@dataclass(frozen=True)
class Variant:
    """One colouring."""

    ab: Array
    """(2, h, w)."""
    log_likelihood: float
    """Mean over the cells of the logarithm of the share of the distribution that agrees, in nats.

    0 for the ordinary colouring, which all of it has made; less for the others.
    """


def variants(
    distribution: Distribution,
    count: int,
    seed: int = 0,
    how: Decoding = PLAIN,
    lightness: Array | None = None,
) -> list[Variant]:
    """Return up to ``count`` colourings, 1..5, the most likely first; the first is ``decode``'s.

    Any two lie ``DISTANCE`` or more apart. There are fewer where the distribution does not hold
    so many. The same ``seed`` gives the same ones. ``lightness`` is for hints, see ``decode``.

    Raises:
        ValueError: ``count`` is out of range.
    """
    if not 1 <= count <= MOST:
        raise ValueError(f"count must be in 1..{MOST}, not {count}")
    found = [Variant(decode(distribution, how, lightness), 0.0)]
    if count > 1:
        settled = settle(distribution, how, lightness).probabilities
        whole = _Cells(settled, distribution.palette, how.saturation)
        found += [
            whole.towards(each) for each in _choose(whole, count, np.random.default_rng(seed))
        ]
    return sorted(found, key=lambda each: -each.log_likelihood)


def _choose(whole: "_Cells", count: int, rng: np.random.Generator) -> list[Array]:
    """Return the targets, (2, small_h, small_w) each, of all variants but the ordinary one."""
    sides = whole.probabilities.shape[1:]
    step = -(-max(sides) // GRID)
    rows, columns = (slice(min(step // 2, side - 1), None, step) for side in sides)
    small = replace(whole, probabilities=whole.probabilities[:, rows, columns])
    maps = parts(small.probabilities)
    targets = [np.einsum("shw,sc->chw", maps, each) for each in _draws(small, maps, rng)]
    tried = [(small.towards(target), target) for target in targets]
    taken, chosen = [small.mean()], []
    most = ROUGH * max(FLAT, _variation(taken[0]))
    for variant, target in sorted(tried, key=lambda each: -each[0].log_likelihood):
        differs = all(_apart(variant.ab, ab) >= DISTANCE for ab in taken)
        if differs and len(taken) < count and _variation(variant.ab) <= most:
            taken.append(variant.ab)
            chosen.append(target)
    return chosen


def _apart(ab: Array, other: Array) -> float:
    return float(np.hypot(*(ab - other)).mean())


def _variation(ab: Array) -> float:
    """Return the mean of how much a cell differs from its neighbours below and to the right."""
    return float(sum(np.abs(np.diff(ab, axis=axis)).sum() for axis in (1, 2)) / ab.size)


def _draws(cells: "_Cells", maps: Array, rng: np.random.Generator) -> Iterator[Array]:
    """Yield a colour for each part, (parts, 2): where density and chance are highest together."""
    shares = np.einsum("shw,qhw->sq", maps, cells.probabilities)
    shares /= shares.sum(axis=1, keepdims=True) + TINY
    squared = np.square(cells.palette[:, None] - cells.palette[None]).sum(axis=2)
    near = np.exp(squared / np.float32(-2 * DENSITY**2))
    density = np.log(np.einsum("sq,qc->sc", shares, near) + TINY)
    # Chance changes smoothly over the ab plane, with a deviation of 1 everywhere.
    smooth = near / np.sqrt(np.square(near).sum(axis=0))
    roots = np.sqrt(shares)
    alike = np.einsum("sq,tq->st", roots, roots) ** LIKENESS
    alike /= np.sqrt(np.square(alike).sum(axis=1, keepdims=True)) + TINY
    for weight in np.linspace(*CHANCE, DRAWS):
        own = np.einsum("sq,qc->sc", rng.standard_normal(shares.shape, np.float32), smooth)
        chance = np.einsum("st,tc->sc", alike, own)
        yield cells.palette[(density + weight * chance).argmax(axis=1)]


@dataclass(frozen=True)
class _Cells:
    """Distributions that are settled, and what their colours are multiplied by."""

    probabilities: Array
    palette: Array
    saturation: float

    def mean(self) -> Array:
        """Return the ordinary colouring, (2, h, w)."""
        return self._mean(self.probabilities)

    def towards(self, target: Array) -> Variant:
        """Return the colouring that a target, (2, any_h, any_w), gives."""
        _, height, width = self.probabilities.shape
        goal = np.stack([_resize(plane, width, height) for plane in target])
        closeness = np.einsum("qc,chw->qhw", self.palette, goal)
        closeness -= np.square(self.palette).sum(axis=1)[:, None, None] / 2
        closeness -= np.square(goal).sum(axis=0) / 2
        closeness /= np.float32(TARGET**2)
        weights = np.exp(closeness, out=closeness)
        weights *= self.probabilities
        agrees = np.maximum(weights.sum(axis=0), TINY)
        weights /= agrees
        return Variant(self._mean(weights), float(np.log(agrees).mean()))

    def _mean(self, weights: Array) -> Array:
        ab = np.einsum("qc,qhw->chw", self.palette, weights)
        return np.asarray(ab * np.float32(self.saturation), np.float32)


def _resize(plane: Array, width: int, height: int) -> Array:
    return np.asarray(
        cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR), np.float32
    )
