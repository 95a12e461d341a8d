"""From bytes that nobody vouches for to an upright photograph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import EmptyObject, ImageTooLarge
from worker.colour.lightness import Pixels
from worker.images import exif
from worker.images.colour_space import interpreted
from worker.images.containers import check_container, check_size, check_tiles, pixels_at_opening
from worker.images.errors import naming_a_lack_of_memory
from worker.images.icc import read_profile
from worker.images.metadata import Said, said_by
from worker.images.opening import open_image
from worker.images.photo import Photo, format_like, to_8_bits
from worker.images.pixels import read_pixels

MAX_SIDE = 1_000_000
"""Resizing takes memory for each row and column, whatever the number of pixels."""


def decode(data: bytes, max_pixels: int) -> Photo:
    """Decode an image file; its first frame, with the EXIF orientation applied.

    Raises:
        EmptyObject: there are no bytes.
        UnsupportedFormat: they are of no kind that is read here.
        ImageTooLarge: the header promises more than ``max_pixels``, or than ``MAX_SIDE`` on a
            side; nothing was decoded.
        BrokenImage: the file is cut short or damaged.
        OutOfMemory: it failed where memory is limited to less than it may need.
    """
    if not data:
        raise EmptyObject("the source has no bytes")
    check_container(data, max_pixels)
    with naming_a_lack_of_memory(pixels_at_opening(data)):
        opened = open_image(data)
    with opened as image:
        _check_size(image, max_pixels)
        said = said_by(image, data)
        profile = read_profile(said.icc)
        with naming_a_lack_of_memory(image.width * image.height):
            pixels, alpha = read_pixels(image, data, profile)
    pixels, space, icc = interpreted(pixels, profile)
    pixels = upright(pixels, said.orientation)
    return Photo(
        pixels=pixels,
        alpha=None if alpha is None else upright(_fitting(alpha, pixels), said.orientation),
        format=format_like(data),
        exif=_block(said, pixels),
        icc=icc,
        dpi=said.dpi,
        xmp=said.xmp,
        iptc=said.iptc,
        texts=said.texts,
        space=space,
    )


def _check_size(image: Image.Image, max_pixels: int) -> None:
    check_size(image.size, max_pixels)
    if max(image.size) > MAX_SIDE:
        raise ImageTooLarge(f"the image has more than {MAX_SIDE} pixels on a side")
    check_tiles(image, max_pixels)


def _block(said: Said, pixels: Pixels) -> bytes | None:
    height, width = pixels.shape[:2]
    return exif.upright(said.exif, width, height) if said.exif else None


def _fitting(alpha: Pixels, pixels: Pixels) -> Pixels:
    return alpha if alpha.dtype == pixels.dtype else to_8_bits(alpha)


def upright(plane: NDArray[Any], orientation: int) -> Pixels:
    """Apply an EXIF orientation (Exif 2.32, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        plane = plane.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        plane = plane[:, ::-1]
    if orientation in (3, 4, 7, 8):
        plane = plane[::-1]
    return np.ascontiguousarray(plane)
