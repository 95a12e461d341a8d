"""Edge-aware upsampling of ab: between its cells it follows the full-size lightness.

In every window, ab is taken for a linear function of L*, as in the guided filter (K. He, J. Sun,
X. Tang, "Guided Image Filtering", TPAMI 2013, equations 4 to 6). Unlike there nothing is smoothed:
the mean of each cell stays, and lightness only adds what changes within it.
"""

import cv2
import numpy as np

from worker.colour.lightness import Lightness, Plane
from worker.colour.shrink import resized

SCALE = 4
"""Pixels along a cell at which the lightness within it is looked at."""
WINDOW = 3
"""Cells along the window in which ab is a linear function of L*."""
EPSILON = np.float32(2)
"""Variance of L* below which there is no edge to follow."""


def linear_models(source: Lightness, ab: Plane) -> tuple[Plane, Plane]:
    """Return slopes and offsets, both (2, h, w) as ``ab``: ab is slope times L* plus offset.

    Resized to any size they apply to the lightness there. Where the lightness changes within
    the cells rather than from cell to cell, as in grass, the slopes are small.
    """
    cells = ab.shape[1:]
    height, width = (min(SCALE * n, full) for n, full in zip(cells, source.shape, strict=True))
    light = resized(source, height, width)
    centre = _cells(light, cells)
    mean = _window(centre)
    variance = _window(_cells(light * light, cells)) - mean * mean + EPSILON
    covariance = [_window(centre * plane) - mean * _window(plane) for plane in ab]
    slopes = np.asarray(np.stack(covariance) / variance, np.float32)
    return slopes, ab - slopes * centre


def _cells(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Return the mean of every cell; of images with fewer pixels than cells, the nearest one."""
    smaller = plane.shape[0] >= shape[0] and plane.shape[1] >= shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(plane, shape[::-1], interpolation=method), np.float32)


def _window(plane: Plane) -> Plane:
    """Return the mean of the window around every cell."""
    size = (WINDOW, WINDOW)
    return np.asarray(cv2.blur(plane, size, borderType=cv2.BORDER_REPLICATE), np.float32)
