"""The 313 colour bins: soft encoding and rebalancing (Zhang et al. 2016, sections 2.1, 2.2)."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.colour.decode import rebalancing_bias

NEIGHBOURS = 5
SIGMA = 5.0
AB_LIMIT = 110


class SoftEncoder:
    """Encodes integer ab values as weights over their five nearest bins.

    The paper smooths the one-hot target with a Gaussian (sigma 5) over the five nearest bins.
    Every integer ab value is encoded once, in the constructor; an image is then a table look-up.
    """

    def __init__(self, palette: NDArray[Any]) -> None:
        """Build the table for a palette of shape (bins, 2), in ab units."""
        self.size = len(palette)
        self.palette = palette.astype(np.float32)
        axis = np.arange(-AB_LIMIT, AB_LIMIT + 1, dtype=np.float32)
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        squared = ((grid[:, None, :] - self.palette[None]) ** 2).sum(axis=-1)
        nearest = np.argpartition(squared, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        distance = np.take_along_axis(squared, nearest, axis=1)
        # Far outside the palette every Gaussian underflows; the nearest bin then keeps weight one.
        weight = np.exp(-(distance - distance.min(axis=1, keepdims=True)) / (2 * SIGMA**2))
        side = 2 * AB_LIMIT + 1
        self.bins = nearest.astype(np.int64).reshape(side, side, NEIGHBOURS)
        normalized = weight / weight.sum(axis=1, keepdims=True)
        self.weights = normalized.astype(np.float32).reshape(side, side, NEIGHBOURS)

    def encode(self, ab: NDArray[np.int16]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return bins and weights, both of shape (..., 5), for integer ab of shape (..., 2)."""
        index = np.clip(ab.astype(np.int32), -AB_LIMIT, AB_LIMIT) + AB_LIMIT
        a, b = index[..., 0], index[..., 1]
        return self.bins[a, b], self.weights[a, b]

    def nearest(self, ab: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the nearest bin, (...), of ab of shape (..., 2)."""
        bins, weights = self.encode(np.rint(ab).astype(np.int16))
        index = weights.argmax(axis=-1)[..., None]
        return np.take_along_axis(bins, index, axis=-1)[..., 0]


def rebalancing_weights(prior: NDArray[np.floating], strength: float) -> NDArray[np.float32]:
    """Return one loss weight per bin (Zhang et al. 2016, equation 4), mean one under the prior.

    ``strength`` 1 is the paper's weighting and 0 is none.
    """
    weights = np.exp(rebalancing_bias(np.asarray(prior, np.float32), strength))
    return np.asarray(weights / (prior * weights).sum(), dtype=np.float32)


def prior_of(samples: Iterable[NDArray[np.int16]], encoder: SoftEncoder) -> NDArray[np.float32]:
    """Return the distribution over the bins, (bins,), of images' ab, each of shape (..., 2)."""
    total = np.zeros(encoder.size)
    for ab in samples:
        bins, weights = encoder.encode(ab)
        np.add.at(total, bins.ravel(), weights.ravel())
    return np.asarray(total / total.sum(), dtype=np.float32)
