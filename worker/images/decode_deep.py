"""16-bit images, of which Pillow keeps only the grey ones whole; OpenCV reads the others."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import UnsupportedFormat
from worker.colour.lightness import Pixels
from worker.images.codecs import imdecode

_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_PLANAR = 258, 262, 284
_TIFF_WHITE_IS_ZERO, _TIFF_RGB, _TIFF_SEPARATE = 0, 2, 2


def is_deep_colour(image: Image.Image, data: bytes) -> bool:
    """Whether the file has 16 bits in several channels, which Pillow would cut to 8."""
    if image.format == "PNG":
        depth, colour_type = data[24], data[25]
        return depth == 16 and colour_type != 0
    if image.format == "TIFF":
        tags = image.getexif()
        if tags.get(_TIFF_BITS) not in ((16,) * 3, (16,) * 4):
            return False
        if tags.get(_TIFF_PLANAR) == _TIFF_SEPARATE:
            raise UnsupportedFormat("16-bit TIFF with a plane for each channel is not supported")
        return tags.get(_TIFF_PHOTOMETRIC) == _TIFF_RGB
    return False


def decode_colour(image: Image.Image, data: bytes) -> tuple[Pixels, Pixels | None]:
    """Decode a file with 16 bits in several channels; return its pixels, and alpha if any.

    Raises:
        BrokenImage, UnsupportedFormat: OpenCV cannot read it.
    """
    array = imdecode(data, cv2.IMREAD_UNCHANGED, (image.height, image.width))
    if array.dtype != np.uint16:
        raise UnsupportedFormat("16-bit images of this kind are not supported")
    deep = np.asarray(array, np.uint16)
    if deep.ndim == 2:
        return deep, None
    alpha = np.ascontiguousarray(deep[..., 3]) if deep.shape[2] == 4 else None
    return np.ascontiguousarray(deep[..., 2::-1]), alpha


def grey_levels(image: Image.Image) -> NDArray[np.uint16]:
    """Return the levels of a 16-bit grey image, (h, w), black at 0."""
    grey: NDArray[np.uint16] = np.clip(np.asarray(image), 0, 65_535).astype(np.uint16)
    if image.format == "TIFF" and image.getexif().get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO:
        # Of 8 bits, Pillow has done it.
        np.invert(grey, out=grey)
    return grey
