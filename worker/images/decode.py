"""From bytes that nobody vouches for to an upright photograph."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from core.errors import BrokenImage, EmptyObject, ImageTooLarge, UnsupportedFormat
from worker.colour.bands import BAND_PIXELS
from worker.colour.lightness import Pixels
from worker.images.containers import check_container, check_tiles
from worker.images.decode_deep import decode_colour, grey_levels, is_deep_colour
from worker.images.errors import PARSER_ERRORS, is_out_of_memory, naming_a_lack_of_memory
from worker.images.ifd import check_exif
from worker.images.jpeg import check_markers, decode_jpeg
from worker.images.photo import Photo, format_like

INPUT_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
MAX_DPI = 65_535
MAX_SIDE = 1_000_000
"""Resizing takes memory for each row and column, whatever the number of pixels."""
MAX_ICC = 4 * 1024 * 1024
_GREY, _GREY_16 = {"1", "L", "LA", "La"}, {"I;16", "I;16B", "I;16L", "I;16N"}
_JPEG = {"JPEG", "MPO"}
_COLOUR = {"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}

# The header is checked against our own limit, with an error of our own.
Image.MAX_IMAGE_PIXELS = None


def decode(data: bytes, max_pixels: int) -> Photo:
    """Decode an image file; its first frame, with the EXIF orientation applied.

    Raises:
        EmptyObject: there are no bytes.
        UnsupportedFormat: they are not JPEG, PNG, TIFF, WebP or BMP, or of a kind unknown here.
        ImageTooLarge: the header promises more than ``max_pixels``, or than ``MAX_SIDE`` on a
            side; nothing was decoded.
        BrokenImage: the file is cut short or damaged.
        OutOfMemory: it failed where memory is limited to less than it may need.
    """
    if not data:
        raise EmptyObject("the source has no bytes")
    check_container(data, max_pixels)
    with _open(data) as image:
        if image.width * image.height > max_pixels:
            raise ImageTooLarge(
                f"the image has {image.width} x {image.height} pixels, more than {max_pixels}; "
                "see TINTYPE_MAX_PIXELS"
            )
        if max(image.size) > MAX_SIDE:
            raise ImageTooLarge(f"the image has more than {MAX_SIDE} pixels on a side")
        check_tiles(image, max_pixels)
        with naming_a_lack_of_memory(image.width * image.height):
            pixels, alpha = _pixels(image, data)
        orientation, exif = _orientation(image)
        icc = image.info.get("icc_profile")
        return Photo(
            pixels=_upright(pixels, orientation),
            alpha=None if alpha is None else _upright(alpha, orientation),
            format=format_like(data),
            exif=exif,
            icc=icc if icc and icc[16:20] == b"RGB " and len(icc) <= MAX_ICC else None,
            dpi=_dpi(image),
        )


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=INPUT_FORMATS)
    except UnidentifiedImageError as error:
        raise UnsupportedFormat(
            f"the source is not one of {', '.join(INPUT_FORMATS)}, or its header is broken"
        ) from error
    except PARSER_ERRORS as error:
        raise BrokenImage(f"the image's header cannot be read: {error}") from error


def _orientation(image: Image.Image) -> tuple[int, bytes | None]:
    """Return the EXIF orientation (1..8) and the EXIF block with it reset; a broken block goes."""
    if image.format == "TIFF":
        # Decoding turned it upright; the rest of its tags is its own structure.
        return 1, None
    try:
        check_exif(_exif(image))
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        exif.pop(ExifTags.Base.Orientation, None)
        return orientation, exif.tobytes() if len(exif) else None
    except (BrokenImage, *PARSER_ERRORS):
        return 1, None


def _exif(image: Image.Image) -> bytes:
    """Return the block that Pillow will read: its own, or the hexadecimal text of ImageMagick."""
    if (block := image.info.get("exif")) is not None:
        return bytes(block)
    return bytes.fromhex("".join(image.info.get("Raw profile type exif", "").split("\n")[3:]))


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    try:
        x, y = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    # Pillow says 1 of a TIFF that says nothing.
    return (x, y) if 1 < x <= MAX_DPI and 1 < y <= MAX_DPI else None


def _pixels(image: Image.Image, data: bytes) -> tuple[Pixels, Pixels | None]:
    """Decode to the end; return grey or RGB pixels, and alpha if there is any."""
    try:
        if is_deep_colour(image, data):
            image.load()
            return decode_colour(image, data)
        mode = image.mode
        if image.format in _JPEG:
            check_markers(data)
        if image.format in _JPEG and mode in {"L", "RGB"}:
            return decode_jpeg(data, mode == "L", image.height, image.width), None
        if mode in _GREY_16 or (mode == "I" and image.format == "PNG"):
            return grey_levels(image), None
        if mode not in _GREY | _COLOUR:
            raise UnsupportedFormat(f"images of the kind {mode!r} are not supported")
        has_alpha = image.has_transparency_data
        base = "L" if mode in _GREY else "RGB"
        target = base + "A" if has_alpha else base
        array = _array(image, target)
    except PARSER_ERRORS as error:
        if is_out_of_memory(error):
            raise
        raise BrokenImage(f"the image cannot be decoded to its end: {error}") from error
    if not has_alpha:
        return array, None
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


def _upright(plane: NDArray[Any], orientation: int) -> Pixels:
    """Apply an EXIF orientation (Exif 2.32, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        plane = plane.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        plane = plane[:, ::-1]
    if orientation in (3, 4, 7, 8):
        plane = plane[::-1]
    return np.ascontiguousarray(plane)
