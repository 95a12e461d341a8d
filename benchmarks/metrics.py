"""How far a colour image is from the truth: the measures of the field.

Images are (h, w, 3) uint8 sRGB unless said otherwise.
"""

from statistics import fmean

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

Image = NDArray[np.uint8]
Lab = NDArray[np.float32]
"""(h, w, 3) CIELAB, D65."""

SAME = 99.0
"""PSNR in dB of two images that do not differ."""
GRID = 64
STRONG_EDGE = 4
"""Units of L* a pixel."""
FARTHEST = 150
"""Largest distance in the ab plane that the accuracy below tells apart (Zhang et al. 2016, 3.1)."""


def to_lab(image: Image) -> Lab:
    """Convert to CIELAB."""
    return np.asarray(rgb2lab(image), dtype=np.float32)


def psnr(truth: Image, other: Image) -> float:
    """Return the peak signal-to-noise ratio over the three channels, in dB, at most 99."""
    if np.array_equal(truth, other):
        return SAME
    return min(SAME, float(peak_signal_noise_ratio(truth, other, data_range=255)))


def ssim(truth: Image, other: Image) -> float:
    """Return the structural similarity, -1..1 (Wang et al. 2004); at least 7 pixels a side."""
    return float(structural_similarity(truth, other, channel_axis=2, data_range=255))


def delta_e(truth: Lab, other: Lab) -> float:
    """Return the mean CIEDE2000 difference; 1 is about what one can just see."""
    return float(np.mean(deltaE_ciede2000(truth, other)))


def chroma(lab: Lab) -> float:
    """Return the mean of sqrt(a^2 + b^2)."""
    return float(_chroma(lab).mean())


def colourfulness(image: Image) -> float:
    """Return the colourfulness of Hasler and Suesstrunk (2003): 0 grey, above 80 very colourful."""
    red, green, blue = np.moveaxis(image.astype(np.float32), 2, 0)
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    spread = np.hypot(red_green.std(), yellow_blue.std())
    offset = np.hypot(red_green.mean(), yellow_blue.mean())
    return float(spread + 0.3 * offset)


def distances(truth: Lab, other: Lab) -> NDArray[np.int64]:
    """Return the distance of each pixel in the ab plane, (h, w), rounded up, at most 151."""
    gap = np.hypot(truth[..., 1] - other[..., 1], truth[..., 2] - other[..., 2])
    return np.asarray(np.minimum(np.ceil(gap), FARTHEST + 1), dtype=np.int64)


def histogram(
    distance: NDArray[np.int64], bins: NDArray[np.int64], number: int
) -> NDArray[np.int64]:
    """Count pixels by the bin of their true colour and by their distance: (number, 152)."""
    index = bins.ravel() * (FARTHEST + 2) + distance.ravel()
    counts = np.bincount(index, minlength=number * (FARTHEST + 2))
    return counts.reshape(number, FARTHEST + 2)


def accuracy(counts: NDArray[np.int64]) -> float:
    """Return the area under the curve of pixels within 0..150 of the truth, 0..1.

    ``counts`` is a histogram; raw accuracy, where every pixel counts the same.
    """
    total = counts.sum(axis=0)
    return float((np.cumsum(total)[: FARTHEST + 1] / total.sum()).mean())


def balanced_accuracy(counts: NDArray[np.int64]) -> float:
    """Return the same with every colour that occurs counting the same."""
    return fmean(accuracy(row[None]) for row in counts if row.any())


def patchiness(lab: Lab) -> float:
    """Return the share of smooth places where two strong colours of opposite hue meet, 0..1.

    On a grid of 64 x 64 cells, two cells three apart are a smooth place if their lightness differs
    by less than 4 units. Strong is a chroma above 15, opposite is a hue more than 90 degrees away.
    """
    grid = np.asarray(cv2.resize(lab, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
    smooth = patches = 0
    for first, second in ((grid[:-3], grid[3:]), (grid[:, :-3], grid[:, 3:])):
        flat = np.abs(first[..., 0] - second[..., 0]) < 4
        strong = np.minimum(_chroma(first), _chroma(second)) > 15
        opposite = (first[..., 1:] * second[..., 1:]).sum(axis=-1) < 0
        smooth += int(flat.sum())
        patches += int((flat & strong & opposite).sum())
    return patches / max(1, smooth)


def near_edges(lab: Lab, reach: int) -> NDArray[np.bool_]:
    """Return which pixels lie within ``reach`` pixels of a strong edge of lightness, (h, w).

    Strong is a gradient of more than 4 units of L* a pixel, smoothed with a sigma of 1.
    """
    soft = cv2.GaussianBlur(np.ascontiguousarray(lab[..., 0]), (0, 0), 1)
    across = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=1 / 8)
    edges = (np.hypot(across, down) > STRONG_EDGE).astype(np.uint8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(edges, disc) > 0, np.bool_)


def edge_errors(truth: Lab, other: Lab, reach: int) -> tuple[float, float]:
    """Return the mean distance in the ab plane near strong edges of lightness, and elsewhere.

    Colour that bleeds over edges is in the first and not in the second. NaN where there are no
    such pixels.
    """
    gap = np.hypot(truth[..., 1] - other[..., 1], truth[..., 2] - other[..., 2])
    near = near_edges(truth, reach)
    means = [float(part.mean()) if part.size else float("nan") for part in (gap[near], gap[~near])]
    return means[0], means[1]


def edge_reach(shape: tuple[int, ...]) -> int:
    """Return the pixels of half a cell of a grid of 56 on the longer side; at least two."""
    return max(2, round(max(shape[:2]) / 112))


def _chroma(lab: Lab) -> NDArray[np.float32]:
    return np.asarray(np.hypot(lab[..., 1], lab[..., 2]), dtype=np.float32)
