"""How unsure a network is of the colours: of each place, and of a photograph."""

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.decode import CELLS, TINY, Array
from worker.colour.distribution import Distribution

HOTTEST = 6.5
"""Bits at the upper end of the heat map; 99 of 100 cells of photographs have less than 6."""


def spread(distribution: Distribution) -> Array:
    """Return how far colours lie from their mean in each cell, (h, w), in ab units.

    The standard deviation of the distribution, root mean square over a and b together. Unlike
    entropy it does not count as doubt which of two neighbouring bins it is.
    """
    bins, height, width = distribution.probabilities.shape
    flat, palette = distribution.probabilities.reshape(bins, -1), distribution.palette
    moments = np.column_stack((palette, np.square(palette).sum(axis=1)))
    found = np.empty((3, height * width), np.float32)
    for first in range(0, height * width, CELLS):
        part = slice(first, first + CELLS)
        np.einsum("qc,qp->cp", moments, flat[:, part], out=found[:, part])
    variance = found[2] - np.square(found[:2]).sum(axis=0)
    deviation = np.sqrt(np.maximum(variance, 0)).reshape(height, width)
    return np.asarray(deviation, np.float32)


def entropy(distribution: Distribution) -> Array:
    """Return the entropy of each cell, (h, w), in bits: 0 where it has one possible colour."""
    bins, height, width = distribution.probabilities.shape
    flat = distribution.probabilities.reshape(bins, -1)
    found = np.empty(height * width, np.float32)
    for first in range(0, height * width, CELLS):
        part = flat[:, first : first + CELLS]
        np.einsum("qp,qp->p", part, np.log2(part + TINY), out=found[first : first + CELLS])
    return np.maximum(-found, 0).reshape(height, width)


def ambiguity(distribution: Distribution) -> float:
    """Return one number for a photograph, 0..1: the higher, the likelier its colours are wrong.

    The mean of ``spread``, over the spread of a guess among all bins: 0 where each cell has
    one possible colour, 1 where every colour is as likely as any other. docs/control.md has how
    far it foretells the error, and why it is not the entropy.
    """
    palette = distribution.palette
    guess = np.sqrt(np.square(palette - palette.mean(axis=0)).sum(axis=1).mean())
    return float(min(1.0, spread(distribution).mean() / guess)) if guess else 0.0


def heat_map(distribution: Distribution, height: int, width: int) -> NDArray[np.uint8]:
    """Return ``entropy`` as a picture, (height, width, 3) RGB: black is sure, pale yellow is not.

    The scale is the same for every photograph: 0 to ``HOTTEST``. The colours' lightness rises
    with the entropy, so that it reads in grey as well.
    """
    levels = np.clip(entropy(distribution) * (255 / HOTTEST), 0, 255).astype(np.uint8)
    large = cv2.resize(levels, (width, height), interpolation=cv2.INTER_CUBIC)
    coloured = cv2.applyColorMap(large, cv2.COLORMAP_INFERNO)
    return np.asarray(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), np.uint8)
