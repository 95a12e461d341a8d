"""The colours of another picture as a bias: what is frequent there becomes more likely here."""

import cv2
import numpy as np

from worker.colour.decode import Array
from worker.colour.lightness import Pixels
from worker.colour.shrink import small_rgb

SIDE = 128
"""Longest side, in pixels, at which the reference is looked at."""
GREY = 8.0
"""Chroma at which a colour counts by two fifths, of pixels and of bins; greys do not count."""
SPREAD = 10.0
"""Sigma of the Gaussian, in units of ab, by which a colour counts for the bins around it."""
FEW = 0.05
"""Share of colourful pixels at which a reference has half of its say."""
LIMIT = 128
"""No a or b of sRGB is as large."""
RARE = 1e-3
"""Share below which colours are not told apart: no bin is ever out of the question."""
STRONGEST = 3.0
"""Largest weight, a logarithm."""


def reference_weights(pixels: Pixels, palette: Array, prior: Array) -> Array:
    """Return what speaks for each bin, (bins,) in -3..3, of pixels of 8 or 16 bits, (h, w, 3).

    It is how much more often than in ``prior``, (bins,), a colour of ``palette``, (bins, 2),
    occurs in the reference, as a logarithm. Greys of both are left out, so that a reference
    says which colours there are and not how many; one without colours, and a grey one, (h, w),
    say nothing. Times a strength in 0..1 it is a bias on the logits: see ``annealed_mean``.
    """
    if pixels.ndim == 2:
        return np.zeros(len(palette), np.float32)
    ab = _small_ab(pixels)
    counts = _colourful(ab)
    found = _smoothed(ab, counts, palette)
    usual = _smoothed(palette, prior * _colourful(palette), palette)
    ratio = np.clip(np.log((found + RARE) / (usual + RARE)), -STRONGEST, STRONGEST)
    share = counts.mean()
    return np.asarray(ratio * _colourful(palette) * share / (share + FEW), np.float32)


def _small_ab(pixels: Pixels) -> Array:
    """Return ab of the reference made small, (n, 2)."""
    lab = np.asarray(cv2.cvtColor(small_rgb(pixels, SIDE), cv2.COLOR_RGB2LAB), np.float32)
    return lab[..., 1:].reshape(-1, 2)


def _colourful(ab: Array) -> Array:
    """Return how much each ab counts, (n,): 0 for grey to 1."""
    return np.asarray(1 - np.exp((ab * ab).sum(axis=1) / (-2 * GREY**2)), np.float32)


def _smoothed(ab: Array, counts: Array, palette: Array) -> Array:
    """Return the share of each bin, (bins,), when each ab counts for all bins around it."""
    # Whole units of ab are enough, and there are fewer of them.
    whole = np.clip(np.rint(ab).astype(np.intp) + LIMIT, 0, 2 * LIMIT - 1)
    total = np.bincount(whole[:, 0] * 2 * LIMIT + whole[:, 1], counts, 4 * LIMIT**2)
    occurring = np.flatnonzero(total)
    units = np.stack(np.divmod(occurring, 2 * LIMIT), axis=1).astype(np.float32) - LIMIT
    away = (units[:, :1] - palette[:, 0]) ** 2 + (units[:, 1:] - palette[:, 1]) ** 2
    weights = np.exp((away.min(axis=1, keepdims=True) - away) / np.float32(2 * SPREAD**2))
    weights *= (total[occurring, None] / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return np.asarray(weights.sum(axis=0) / max(total.sum(), RARE), np.float32)
