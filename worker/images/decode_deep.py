"""Images of more than 8 bits, of which Pillow keeps only some grey ones whole."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH

from core.errors import BrokenImage, UnsupportedFormat
from worker.colour.lightness import Pixels
from worker.images import jp2
from worker.images.codecs import imdecode
from worker.images.tiff_planes import each_plane

_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_PLANAR = 258, 262, 284
_TIFF_WHITE_IS_ZERO, _TIFF_RGB, _TIFF_SEPARATE = 0, 2, 2
_JP2 = {"L", "I;16", "RGB", "RGBA"}
"""Modes of JPEG 2000: grey, Pillow shifts to the left or cuts off, which moves white."""
_COLOUR_BITS = ((16,) * 3, (16,) * 4)


def is_for_opencv(image: Image.Image, data: bytes) -> bool:
    """Whether the file has more than 8 bits a channel, and Pillow would not keep them all."""
    if image.format == "PNG":
        depth, colour_type = data[24], data[25]
        return depth == 16 and colour_type != 0
    if image.format == "TIFF":
        tags = image.getexif()
        return tags.get(_TIFF_BITS) in _COLOUR_BITS and tags.get(_TIFF_PHOTOMETRIC) == _TIFF_RGB
    if image.format == "JPEG2000":
        return jp2.depth(data, image.size) > 8 and image.mode in _JP2
    return False


def by_opencv(image: Image.Image, data: bytes) -> tuple[Pixels, Pixels | None]:
    """Decode such a file; return its pixels, and alpha if any.

    Raises:
        BrokenImage, UnsupportedFormat: it cannot be read.
    """
    if image.format == "TIFF" and image.getexif().get(_TIFF_PLANAR) == _TIFF_SEPARATE:
        planes = [_levels_of(plane, image) for plane in each_plane(data)]
        return np.dstack(planes[:3]), planes[3] if len(planes) == 4 else None
    array = imdecode(data, cv2.IMREAD_UNCHANGED, (image.height, image.width))
    if array.dtype != np.uint16:
        raise UnsupportedFormat("16-bit images of this kind are not supported")
    deep = np.asarray(array, np.uint16)
    if image.format == "JPEG2000":
        deep = widened(deep, jp2.depth(data, image.size))
    if deep.ndim == 2:
        return deep, None
    alpha = np.ascontiguousarray(deep[..., 3]) if deep.shape[2] == 4 else None
    return np.ascontiguousarray(deep[..., 2::-1]), alpha


def _levels_of(plane: bytes, image: Image.Image) -> NDArray[np.uint16]:
    grey = Image.open(io.BytesIO(plane), formats=("TIFF",))
    if grey.size != image.size or _tile(grey) != _tile(image):
        # Of a tag that comes twice, Pillow takes the last and we the first.
        raise BrokenImage("the image's header contradicts itself about its size")
    return grey_levels(grey)


def _tile(image: Image.Image) -> list[object]:
    return [image.getexif().get(tag) for tag in (TILEWIDTH, TILELENGTH)]


def grey_levels(image: Image.Image) -> NDArray[np.uint16]:
    """Return the levels of a 16-bit grey image, (h, w), black at 0."""
    grey: NDArray[np.uint16] = np.clip(np.asarray(image), 0, 65_535).astype(np.uint16)
    if image.format != "TIFF":
        return grey
    tags = image.getexif()
    grey = widened(grey, next(iter(np.atleast_1d(tags.get(_TIFF_BITS, 16)))))
    if tags.get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO:
        # Of 8 bits, Pillow has done it.
        np.invert(grey, out=grey)
    return grey


def widened(levels: NDArray[np.uint16], bits: int) -> NDArray[np.uint16]:
    """Return levels of 9 to 15 bits on the scale of 16."""
    if not 8 < bits < 16:
        return levels
    most = (1 << bits) - 1
    return np.asarray((levels * np.float32(65_535 / most) + 0.5).clip(0, 65_535), np.uint16)
