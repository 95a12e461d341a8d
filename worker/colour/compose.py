"""Joining the original lightness with predicted ab, band by band."""

from collections.abc import Iterator
from typing import Literal

import cv2
import numpy as np

from worker.colour.bands import band_rows, each_band
from worker.colour.gamut import Clipped
from worker.colour.guided import linear_models
from worker.colour.levels import Quantizer
from worker.colour.lightness import Lightness, Pixels, Plane

Upsample = Literal["bicubic", "guided"]


def compose(
    source: Lightness, ab: Plane, out: Pixels | None = None, upsample: Upsample = "bicubic"
) -> Pixels:
    """Return RGB, (h, w, 3), of the source's lightness and depth; in ``out`` if there is one.

    ``ab`` is (2, small_h, small_w); it is resized with bicubic interpolation, or ``guided`` by
    the lightness, see ``linear_models``. Colours that sRGB does not have lose chroma, so that
    rounding is all that moves the lightness.
    """
    height, width = source.shape
    result = _empty(height, width, source.depth) if out is None else out
    fits = result.shape == (height, width, 3) and 8 * result.dtype.itemsize == source.depth
    if not (fits and result.flags.c_contiguous):
        # OpenCV would write into an array of its own instead.
        raise ValueError(
            f"the result has another shape or depth than {(height, width, 3)}, or gaps"
        )
    guided = upsample == "guided"
    small = np.concatenate(linear_models(source, ab)) if guided else ab
    wide = [_resize_columns(plane, height, width) for plane in small]
    vertical = _row_weights(len(wide[0]), height)

    def work(bands: Iterator[slice]) -> None:
        size = band_rows(height, width), width
        planes = np.empty((1 + len(wide), *size), np.float32)
        # What the planes hold is in ``lab`` by then, and less memory stays in the cache.
        scratch = planes[:3].reshape(*size, 3)
        lab = np.empty((*size, 3), np.float32)
        quantizer, clipped = Quantizer(*size, source.depth, scratch), Clipped(result)
        for rows in bands:
            here = slice(0, rows.stop - rows.start)
            buffer, *resized = planes[:, here]
            _resize_rows(wide, vertical[rows], resized)
            light = source.rows(rows, buffer)
            a, b = _along_edges(light, resized) if guided else resized
            cv2.merge((light, a, b), lab[here])
            values = quantizer.write(lab[here], result[rows])
            clipped.add(rows.start, lab[here], values)
        clipped.mend()

    each_band(height, width, work)
    return result


def _along_edges(light: Plane, models: list[Plane]) -> list[Plane]:
    """Return a and b of slopes and offsets; changes the slopes."""
    for model, offset in zip(models[:2], models[2:], strict=True):
        np.multiply(model, light, out=model)
        np.add(model, offset, out=model)
    return models[:2]


def _empty(height: int, width: int, depth: int) -> Pixels:
    if depth == 8:
        return np.empty((height, width, 3), np.uint8)
    return np.empty((height, width, 3), np.uint16)


def _resize_columns(plane: Plane, height: int, width: int) -> Plane:
    """Return a plane resized along x only, (small_h, width); with fewer rows if height has fewer.

    Resizing is separable, and a line of a million pixels would take 56 of them otherwise.
    """
    rows = min(height, plane.shape[0])
    wide = cv2.resize(plane, (width, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, dtype=np.float32)


def _row_weights(small: int, height: int) -> Plane:
    """Return bicubic interpolation along y as a matrix, (height, small): resizing is linear."""
    identity = np.eye(small, dtype=np.float32)
    matrix = cv2.resize(identity, (small, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(matrix, dtype=np.float32)


def _resize_rows(wide: list[Plane], weights: Plane, out: list[Plane]) -> None:
    """Write one band of resized planes; only rows with a weight take part."""
    used = np.flatnonzero(weights.any(axis=0))
    part = slice(used[0], used[-1] + 1)
    for plane, target in zip(wide, out, strict=True):
        # BLAS takes memory for every thread, and ends the process where a limit refuses it.
        np.einsum("ij,jx->ix", weights[:, part], plane[part], out=target)
