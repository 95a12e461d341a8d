"""Which colour space pixels are in, and with which profile their result is tagged."""

import struct

import numpy as np

from worker.colour.lightness import Pixels, Space
from worker.images.icc import Profile, deep_to_srgb, space_of, srgb_profile, to_srgb
from worker.images.photo import to_8_bits

Meaning = tuple[Pixels, Space | None, bytes | None]
"""Pixels, what their levels mean if it is not sRGB, and the profile of a result."""


def interpreted(pixels: Pixels, profile: Profile | None) -> Meaning:
    """Return pixels and their meaning; a result is sRGB, and says so if the source had a profile.

    Curves and primaries cost nothing: they change what levels mean. Profiles that are tables
    turn the pixels into sRGB, of 8 bits without ``tintype[icc]``. A profile that is for other
    pixels, or makes no sense, is as none.
    """
    meant = _by_profile(pixels, profile) if profile else None
    return meant or (pixels, None, None)


def _by_profile(pixels: Pixels, profile: Profile) -> Meaning | None:
    grey = pixels.ndim == 2
    if profile.kind == "CMYK":
        # The conversion has happened when the pixels were read.
        return None if grey else (pixels, None, srgb_profile())
    if profile.kind == "GRAY" and not grey:
        return None
    if not profile.has_curves:
        return None if grey else _by_tables(pixels, profile)
    try:
        space = space_of(profile, pixels.dtype)
    except (ValueError, struct.error):
        return None
    is_srgb = space is None and profile.kind == "RGB"
    return pixels, space, profile.data if is_srgb else srgb_profile()


def _by_tables(pixels: Pixels, profile: Profile) -> Meaning | None:
    converted: Pixels | None = None
    if pixels.dtype == np.uint16:
        converted = deep_to_srgb(np.asarray(pixels, np.uint16), profile)
    if converted is None:
        converted = to_srgb(to_8_bits(pixels), profile)
    return None if converted is None else (converted, None, srgb_profile())
