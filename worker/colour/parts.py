"""Parts of a photograph that a network sees alike."""

import cv2
import numpy as np

from worker.colour.decode import Array

PARTS = 6
ROUNDS = 8
SOFT = 0.5
"""Width of the passage from part to part, in mean distances of a cell from its part."""
BLUR = 0.8
"""Of the passage, in cells."""
TINY = np.float32(1e-6)


def parts(probabilities: Array) -> Array:
    """Return how much each cell belongs to each part, (parts, h, w); sums to 1 over the parts.

    ``probabilities`` is (bins, h, w). Soft k-means of the distributions' square roots (Hellinger
    distance), from centres as far apart as possible, then smoothed over the picture.
    """
    roots = np.sqrt(probabilities.reshape(len(probabilities), -1))
    centres = _far_apart(roots)
    for _ in range(ROUNDS):
        belongs = _nearness(centres, roots)
        centres = np.einsum("sp,qp->qs", belongs, roots) / (belongs.sum(axis=1) + TINY)
    maps = belongs.reshape(-1, *probabilities.shape[1:])
    smooth = np.stack([np.asarray(cv2.GaussianBlur(each, (0, 0), BLUR)) for each in maps])
    return np.asarray(smooth / smooth.sum(axis=0), np.float32)


def _far_apart(roots: Array) -> Array:
    """Return centres, (bins, parts): the most usual cell, and each time the farthest of all."""
    likeness = np.einsum("q,qp->p", roots.mean(axis=1), roots)
    found = [int(likeness.argmax())]
    nearest = np.full(roots.shape[1], -np.inf, np.float32)
    while len(found) < PARTS:
        nearest = np.maximum(nearest, np.einsum("q,qp->p", roots[:, found[-1]], roots))
        found.append(int(nearest.argmin()))
    return roots[:, found]


def _nearness(centres: Array, roots: Array) -> Array:
    """Return (parts, cells), which sum to 1 over the parts."""
    squares = np.square(centres).sum(axis=0)[:, None] + 1
    distance = squares - 2 * np.einsum("qs,qp->sp", centres, roots)
    nearest = distance.min(axis=0)
    soft = np.exp((nearest - distance) / (SOFT * np.maximum(nearest, 0).mean() + TINY))
    return np.asarray(soft / soft.sum(axis=0), np.float32)
