"""Joining the original lightness with predicted ab, band by band."""

import cv2
import numpy as np

from worker.colour.lightness import Pixels, Plane, bands


def compose(lightness: Plane, ab: Plane, depth: int = 8) -> Pixels:
    """Return RGB, (h, w, 3), of ``depth`` 8 or 16 bits, with the lightness given.

    ``lightness`` is (h, w) L* in 0..100 and ``ab`` is (2, small_h, small_w); ab is resized with
    bicubic interpolation. Colours outside sRGB are clipped, which is all that moves the lightness.
    """
    height, width = lightness.shape
    dtype = np.uint8 if depth == 8 else np.uint16
    out = np.empty((height, width, 3), dtype)
    wide, vertical = _resize_columns(ab, width), _row_weights(ab.shape[1], height)
    for rows in bands(height, width):
        lab = np.empty((rows.stop - rows.start, width, 3), np.float32)
        lab[..., 0] = lightness[rows]
        lab[..., 1:] = _resize_rows(wide, vertical[rows])
        # OpenCV clips what lies outside sRGB to 0..1.
        rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
        if depth == 8:
            cv2.convertScaleAbs(rgb, dst=out[rows], alpha=255)
        else:
            out[rows] = rgb * np.float32(65_535) + np.float32(0.5)
    return out


def _resize_columns(ab: Plane, width: int) -> Plane:
    """Return ab resized along x only, (small_h, width, 2)."""
    stacked = np.ascontiguousarray(ab.transpose(1, 2, 0))
    size = (width, ab.shape[1])
    wide = cv2.resize(stacked, size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, dtype=np.float32)


def _row_weights(small: int, height: int) -> Plane:
    """Return bicubic interpolation along y as a matrix, (height, small): resizing is linear."""
    identity = np.eye(small, dtype=np.float32)
    matrix = cv2.resize(identity, (small, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(matrix, dtype=np.float32)


def _resize_rows(wide: Plane, weights: Plane) -> Plane:
    """Return one band of the resized ab; only rows with a weight take part."""
    used = np.flatnonzero(weights.any(axis=0))
    part = slice(used[0], used[-1] + 1)
    # With so few rows, einsum is several times faster than a matrix product through BLAS.
    band = np.einsum("ij,jxc->ixc", weights[:, part], wide[part])
    return np.asarray(band, dtype=np.float32)
