"""From bytes that nobody vouches for to an upright photograph."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import EmptyObject, ImageTooLarge
from worker.colour.lightness import Pixels
from worker.images import exif
from worker.images.colour_space import interpreted
from worker.images.icc import read_profile
from worker.images.metadata import Said, said_by
from worker.images.opening import open_image
from worker.images.photo import Photo, format_like, to_8_bits
from worker.images.pixels import read_pixels


def decode(data: bytes, max_pixels: int) -> Photo:
    """Decode an image file; its first frame, with the EXIF orientation applied.

    Raises:
        EmptyObject: there are no bytes.
        UnsupportedFormat: they are of no kind that is read here.
        ImageTooLarge: the header promises more than ``max_pixels``; nothing was decoded.
        BrokenImage: the file is cut short or damaged.
    """
    if not data:
        raise EmptyObject("the source has no bytes")
    with open_image(data) as image:
        if image.width * image.height > max_pixels:
            raise ImageTooLarge(
                f"the image has {image.width} x {image.height} pixels, more than {max_pixels}; "
                "see TINTYPE_MAX_PIXELS"
            )
        said = said_by(image, data)
        profile = read_profile(said.icc)
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
