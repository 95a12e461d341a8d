"""Which files are opened, and what is said of those that are not."""

import importlib
import io
import struct
from functools import cache

from PIL import Image, UnidentifiedImageError

from core.errors import BrokenImage, UnsupportedFormat
from worker.images.errors import PARSER_ERRORS
from worker.images.ifd import Tiff

INPUT_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "AVIF", "JPEG2000", "BMP", "GIF", "PPM")
_NAMES = "JPEG, PNG, TIFF, WEBP, AVIF, HEIC, JPEG 2000, BMP, GIF, PNM"
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}

# The header is checked against our own limit, with an error of our own.
Image.MAX_IMAGE_PIXELS = None


def open_image(data: bytes) -> Image.Image:
    """Read the header of an image file.

    Raises:
        UnsupportedFormat: it is of no kind that is read here.
        BrokenImage: its header is cut short or damaged.
    """
    formats = (*INPUT_FORMATS, "HEIF") if is_heic(data) and _has_heif() else INPUT_FORMATS
    try:
        return Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError as error:
        if _is_torn_tiff(data):
            raise BrokenImage("the TIFF is cut short: its directory is not in the file") from error
        if is_heic(data) and not _has_heif():
            raise UnsupportedFormat(
                "HEIC is read with the package pillow-heif; install tintype[heic]"
            ) from error
        if _begins_like_ours(data):
            raise BrokenImage("the image's header is cut short or damaged") from error
        raise UnsupportedFormat(
            f"the source is not one of {_NAMES}, or its header is broken"
        ) from error
    except PARSER_ERRORS as error:
        raise BrokenImage(f"the image's header cannot be read: {error}") from error


def _begins_like_ours(data: bytes) -> bool:
    """Whether a file of no kind that Pillow knows begins like one of HEIF's family."""
    return data[4:8] == b"ftyp" and data[8:12] in _AVIF | _HEIC


def is_heic(data: bytes) -> bool:
    """Whether a file is of HEIF's family and not AVIF (ISO 14496-12, 4.3; 23008-12, 10)."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC


@cache
def _has_heif() -> bool:
    """Have Pillow read HEIC if the extra is installed."""
    try:
        importlib.import_module("pillow_heif").register_heif_opener(thumbnails=False)
    except ImportError:
        return False
    return True


def _is_torn_tiff(data: bytes) -> bool:
    """Whether a file begins like a TIFF and its first directory, or a value of it, is missing."""
    try:
        tiff = Tiff(data)
    except (ValueError, struct.error):
        return False
    try:
        return bool(tiff.directory(tiff.first).broken)
    except (ValueError, struct.error):
        return True
