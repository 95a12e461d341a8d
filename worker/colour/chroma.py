"""How much colour a photograph has beyond the tone of its print: sepia, cyanotype, old paper."""

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.lightness import Pixels, Plane
from worker.colour.shrink import small_rgb

SIDE = 96
"""Longest side, in pixels, at which colour is looked at; grain and JPEG's blocks are gone there."""
BANDS, BAND_PIXELS = 24, 32
"""Levels of the tone curve, and the fewest pixels that one of them takes."""
HUE = np.deg2rad(75)
"""Hue of old paper, its stains and of sepia."""
ALONG_HUE = 0.4
"""What a difference along that hue counts: paper does not yellow evenly."""
STRONGEST = 60
"""Chroma that no toning exceeds. There a difference counts half: strong tones fringe at edges."""
SHARE = 0.02
"""Share of the photograph that is looked at, the most colourful one."""

COLOUR_CHROMA = 4.0
"""From here on a photograph counts as one in colour; chosen in docs/colour-sources.md."""


def residual_chroma(pixels: Pixels) -> float:
    """Return the chroma that no toning explains, 0..100 or so, of (h, w) or (h, w, 3) pixels.

    In CIELAB, a toned print has one ab for each level of light, its tone curve; what lies beside
    the curve is colour. Returned is the mean distance of the 2 % that are farthest from it, in
    units of chroma; 0 for grey pixels. A photograph of one hue that follows the light has little.
    """
    if pixels.ndim == 2:
        return 0.0
    lab, level = _small(pixels)
    ab = lab[..., 1:].reshape(-1, 2)
    tone = _tone_curve(level.ravel(), ab)
    along = np.array([np.cos(HUE), np.sin(HUE)], np.float32)
    across = np.array([-along[1], along[0]])
    # Not through BLAS, whose threads go on spinning on the cores.
    beside = np.einsum("nc,kc->nk", ab - tone, np.stack((ALONG_HUE * along, across)))
    beside /= 1 + np.hypot(*tone.T)[:, None] / STRONGEST
    soft = cv2.GaussianBlur(beside.reshape(*level.shape, 2), (3, 3), 0)
    return _mean_of_highest(np.hypot(soft[..., 0], soft[..., 1]).ravel())


def _small(pixels: Pixels) -> tuple[Plane, Plane]:
    """Return CIELAB and the mean of R, G and B (0..1) of a photograph made small."""
    rgb = small_rgb(pixels, SIDE)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32), rgb.mean(axis=2)


def _tone_curve(level: Plane, ab: Plane) -> Plane:
    """Return for each pixel, (n, 2), the ab that is usual at its level of light.

    The level is the mean of R, G and B: in a sepia print's whites blue alone may still change,
    which L* hardly shows.
    """
    bands = max(1, min(BANDS, len(level) // BAND_PIXELS))
    parts = np.array_split(np.argsort(level, kind="stable"), bands)
    middle = [np.median(level[part]) for part in parts]
    usual = np.array([np.median(ab[part], axis=0) for part in parts])
    usual *= np.minimum(1, STRONGEST / np.maximum(np.hypot(*usual.T), 1))[:, None]
    return np.column_stack([np.interp(level, middle, each) for each in usual.T]).astype(np.float32)


def _mean_of_highest(values: NDArray[np.float32]) -> float:
    count = max(1, round(SHARE * values.size))
    return float(np.partition(values, -count)[-count:].mean())
