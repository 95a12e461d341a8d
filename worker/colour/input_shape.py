"""The size at which a network sees an image."""

from typing import Literal

MULTIPLE = 16
"""Networks of the family halve their input up to four times and double it again."""
LONGEST = 4
"""The input's sides are at most so many times ``size``: a panorama does not take all memory."""
Fit = Literal["square", "longer", "area", "shorter"]


def input_shape(shape: tuple[int, int], size: int, fit: Fit = "square") -> tuple[int, int]:
    """Return height and width of the network's input, multiples of 16, for an image's.

    A ``square`` of ``size`` changes the image's proportions; the others keep them, up to the
    rounding: ``size`` is the ``longer`` side, the ``shorter`` one, or the side of a square of
    the same ``area``.
    """
    if fit == "square":
        return size, size
    height, width = shape
    scale = (
        size / {"longer": max(shape), "area": (height * width) ** 0.5, "shorter": min(shape)}[fit]
    )
    return _rounded(height * scale, size), _rounded(width * scale, size)


def _rounded(side: float, size: int) -> int:
    most = LONGEST * size // MULTIPLE
    return MULTIPLE * min(max(1, round(side / MULTIPLE)), most)
