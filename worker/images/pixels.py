"""The pixels of an opened file, decoded to the end."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import BrokenImage, UnsupportedFormat
from worker.colour.bands import BAND_PIXELS
from worker.colour.lightness import Pixels
from worker.images import pnm
from worker.images.decode_deep import by_opencv, grey_levels, is_for_opencv
from worker.images.errors import PARSER_ERRORS, is_out_of_memory
from worker.images.icc import Profile, to_srgb
from worker.images.jpeg import check_markers, decode_jpeg
from worker.images.png import grey_transparency

_GREY, _GREY_16 = {"1", "L", "LA", "La"}, {"I;16", "I;16B", "I;16L", "I;16N"}
_JPEG = {"JPEG", "MPO"}
_COLOUR = {"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
Planes = tuple[Pixels, Pixels | None]


def read_pixels(image: Image.Image, data: bytes, profile: Profile | None) -> Planes:
    """Decode to the end; return grey or RGB pixels, and alpha if there is any.

    Pixels of CMYK are sRGB by the profile, if there is one for them, else by Pillow's formula.

    Raises:
        UnsupportedFormat: they are of a kind without a meaning here.
        BrokenImage: the file is cut short or damaged.
    """
    try:
        return _read(image, data, profile)
    except PARSER_ERRORS as error:
        if is_out_of_memory(error):
            raise
        raise BrokenImage(f"the image cannot be decoded to its end: {error}") from error


def _read(image: Image.Image, data: bytes, profile: Profile | None) -> Planes:
    if image.format == "PPM" and pnm.is_ours(data):
        return pnm.decode(data, image.height, image.width), None
    if is_for_opencv(image, data):
        image.load()
        return by_opencv(image, data)
    mode = image.mode
    if image.format in _JPEG:
        check_markers(data)
    if image.format in _JPEG and mode in {"L", "RGB"}:
        return decode_jpeg(data, mode == "L", image.height, image.width), None
    if mode in _GREY_16 or (mode == "I" and image.format == "PNG"):
        grey = grey_levels(image)
        return grey, grey_transparency(data, grey)
    if mode not in _GREY | _COLOUR:
        raise UnsupportedFormat(f"images of the kind {mode!r} are not supported")
    if mode == "CMYK" and profile and profile.kind == "CMYK":
        colour = to_srgb(_array(image, "CMYK"), profile)
        if colour is not None:
            return colour, None
    return _with_pillow(image, data)


def _with_pillow(image: Image.Image, data: bytes) -> Planes:
    base = "L" if image.mode in _GREY else "RGB"
    if image.mode in {"1", "L"} and image.format == "PNG":
        grey = _array(image, "L")
        return grey, grey_transparency(data, grey)
    if not image.has_transparency_data:
        return _array(image, base), None
    array = _array(image, base + "A")
    colour = array[..., 0] if base == "L" else array[..., :3]
    return np.ascontiguousarray(colour), np.ascontiguousarray(array[..., -1])


def _array(image: Image.Image, mode: str) -> NDArray[np.uint8]:
    """Return the pixels in a mode, (h, w) or (h, w, channels), with no second whole copy."""
    # Pillow's lazy decoding happens here.
    image.load()
    size = image.height, image.width
    out = np.empty(size if mode == "L" else (*size, len(mode)), np.uint8)
    step = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, step):
        part = image.crop((0, top, image.width, min(top + step, image.height)))
        out[top : top + step] = np.asarray(part if part.mode == mode else part.convert(mode))
    return out
