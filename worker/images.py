"""Image files to pixels and back: header first, within limits, metadata kept."""

import io
import struct
import zlib
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from core.errors import BrokenImage, EmptyObject, ImageTooLarge, UnsupportedFormat
from core.jobs.records import OutputFormat
from worker.colour.lightness import Pixels

INPUT_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
EXTENSIONS: dict[OutputFormat, str] = {"jpeg": "jpg", "png": "png", "webp": "webp", "tiff": "tif"}
SUFFIXES: dict[str, OutputFormat] = {
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "png": "png",
    "webp": "webp",
    "tif": "tiff",
    "tiff": "tiff",
}
DEFAULT_QUALITY = 92
MAX_SIDE = {"jpeg": 65_500, "webp": 16_383}
MAX_EXIF = {"jpeg": 65_533, "tiff": 0}
"""In bytes; the tags of a TIFF's own structure are among EXIF's, so it takes none."""
MAX_DPI = 65_535
_GREY, _GREY_16 = {"1", "L", "LA", "La"}, {"I;16", "I;16B", "I;16L", "I;16N"}
_COLOUR = {"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr"}
_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_PLANAR = 258, 262, 284
_TIFF_WHITE_IS_ZERO, _TIFF_RGB, _TIFF_SEPARATE = 0, 2, 2

PARSER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    cv2.error,
    struct.error,
    zlib.error,
)
"""What Pillow and OpenCV raise on hostile bytes; running out of time or memory is not among it."""

# The header is checked against our own limit, with an error of our own.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True)
class Photo:
    """An upright image, and what its file said about it."""

    pixels: Pixels
    """(h, w) or RGB (h, w, 3), uint8 or uint16."""
    alpha: Pixels | None
    """(h, w), of the pixels' type."""
    format: OutputFormat
    """In which a result is written when nobody asks for another."""
    exif: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])


def decode(data: bytes, max_pixels: int) -> Photo:
    """Decode an image file; its first frame, with the EXIF orientation applied.

    Raises:
        EmptyObject: there are no bytes.
        UnsupportedFormat: they are not JPEG, PNG, TIFF, WebP or BMP, or of a kind unknown here.
        ImageTooLarge: the header promises more than ``max_pixels``; nothing was decoded.
        BrokenImage: the file is cut short or damaged.
    """
    if not data:
        raise EmptyObject("the source has no bytes; upload it again")
    with _open(data) as image:
        if image.width * image.height > max_pixels:
            raise ImageTooLarge(
                f"the image has {image.width} x {image.height} pixels, more than {max_pixels}; "
                "see TINTYPE_MAX_PIXELS"
            )
        pixels, alpha = _pixels(image, data)
        orientation, exif = _orientation(image)
        icc = image.info.get("icc_profile")
        return Photo(
            pixels=_upright(pixels, orientation),
            alpha=None if alpha is None else _upright(alpha, orientation),
            format=_output_format(image.format),
            exif=exif,
            icc=icc if icc and icc[16:20] == b"RGB " else None,
            dpi=_dpi(image),
        )


def encode(photo: Photo, format: OutputFormat, quality: int | None = None) -> bytes:
    """Write a photo with its metadata, as far as the format holds it.

    JPEG and WebP have 8 bits; JPEG has no alpha, TIFF no EXIF.

    Raises:
        ImageTooLarge: the format cannot hold an image of this size.
    """
    limit = MAX_SIDE.get(format)
    if limit and max(photo.width, photo.height) > limit:
        raise ImageTooLarge(f"{format} holds at most {limit} pixels a side; ask for png or tiff")
    if photo.pixels.dtype == np.uint16:
        if format in ("png", "tiff"):
            return _encode_16(photo, format)
        photo = _to_8_bits(photo)
    pixels: NDArray[Any] = photo.pixels
    if photo.alpha is not None and format != "jpeg":
        pixels = np.dstack((pixels, photo.alpha))
    options: dict[str, Any] = {"icc_profile": photo.icc, "dpi": photo.dpi}
    if photo.exif and len(photo.exif) <= MAX_EXIF.get(format, len(photo.exif)):
        options["exif"] = photo.exif
    if format in ("jpeg", "webp"):
        options["quality"] = quality or DEFAULT_QUALITY
    if format == "tiff":
        options["compression"] = "tiff_adobe_deflate"
    out = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.save(out, format.upper(), **{key: value for key, value in options.items() if value})
    return out.getvalue()


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed, in Python or in OpenCV."""
    if isinstance(error, cv2.error):
        return getattr(error, "code", None) == cv2.Error.StsNoMem
    return isinstance(error, MemoryError)


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=INPUT_FORMATS)
    except UnidentifiedImageError as error:
        raise UnsupportedFormat(
            f"the source is not one of {', '.join(INPUT_FORMATS)}, or its header is broken"
        ) from error
    except PARSER_ERRORS as error:
        raise BrokenImage(f"the image's header cannot be read: {error}") from error


def _output_format(source: str | None) -> OutputFormat:
    # MPO: several JPEG images in one file, as many cameras and phones write them.
    formats: dict[str | None, OutputFormat] = {
        "JPEG": "jpeg",
        "MPO": "jpeg",
        "WEBP": "webp",
        "TIFF": "tiff",
    }
    return formats.get(source, "png")


def _orientation(image: Image.Image) -> tuple[int, bytes | None]:
    """Return the EXIF orientation (1..8) and the EXIF block with it reset; a broken block goes."""
    if image.format == "TIFF":
        # Decoding turned it upright; the rest of its tags is its own structure.
        return 1, None
    try:
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, 1)
        exif.pop(ExifTags.Base.Orientation, None)
        return orientation, exif.tobytes() if len(exif) else None
    except PARSER_ERRORS:
        return 1, None


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
        if _is_deep_colour(image, data):
            image.load()
            if image.format == "PNG":
                _check_chunks(data)
            return _decode_16(data)
        mode = image.mode
        if mode in _GREY_16 or (mode == "I" and image.format == "PNG"):
            return _deep_grey(image), None
        if mode not in _GREY | _COLOUR:
            raise UnsupportedFormat(f"images of the kind {mode!r} are not supported")
        has_alpha = image.has_transparency_data
        base = "L" if mode in _GREY else "RGB"
        target = base + "A" if has_alpha else base
        # Pillow's lazy decoding happens here.
        array = np.asarray(image if mode == target else image.convert(target))
    except PARSER_ERRORS as error:
        if is_out_of_memory(error):
            raise
        raise BrokenImage(f"the image cannot be decoded to its end: {error}") from error
    if not has_alpha:
        return array, None
    colour = array[..., 0] if base == "L" else array[..., :3]
    return np.ascontiguousarray(colour), np.ascontiguousarray(array[..., -1])


def _is_deep_colour(image: Image.Image, data: bytes) -> bool:
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


def _deep_grey(image: Image.Image) -> NDArray[np.uint16]:
    grey: NDArray[np.uint16] = np.clip(np.asarray(image), 0, 65_535).astype(np.uint16)
    if image.format == "TIFF" and image.getexif().get(_TIFF_PHOTOMETRIC) == _TIFF_WHITE_IS_ZERO:
        # Of 8 bits, Pillow has done it.
        np.invert(grey, out=grey)
    return grey


def _check_chunks(png: bytes) -> None:
    """Refuse a chunk that is longer than the file: OpenCV allocates whatever it promises."""
    at = 8
    while at < len(png) and png[at + 4 : at + 8] != b"IEND":
        at += 12 + int.from_bytes(png[at : at + 4])
    if at > len(png):
        raise BrokenImage("a chunk of the image is longer than the file")


def _decode_16(data: bytes) -> tuple[Pixels, Pixels | None]:
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None:
        raise BrokenImage("the 16-bit image cannot be decoded")
    if array.dtype != np.uint16:
        raise UnsupportedFormat("16-bit images of this kind are not supported")
    deep = np.asarray(array, np.uint16)
    if deep.ndim == 2:
        return deep, None
    alpha = np.ascontiguousarray(deep[..., 3]) if deep.shape[2] == 4 else None
    return np.ascontiguousarray(deep[..., 2::-1]), alpha


def _encode_16(photo: Photo, format: OutputFormat) -> bytes:
    channels = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2BGR)
    if photo.alpha is not None:
        channels = np.dstack((channels, photo.alpha))
    ok, out = cv2.imencode(f".{format}", channels)
    if not ok:
        raise BrokenImage(f"the result cannot be written as 16-bit {format}")
    return bytes(out)


def _to_8_bits(photo: Photo) -> Photo:
    def scale(plane: Pixels) -> NDArray[np.uint8]:
        return ((plane.astype(np.uint32) + 128) // 257).astype(np.uint8)

    alpha = None if photo.alpha is None else scale(photo.alpha)
    return replace(photo, pixels=scale(photo.pixels), alpha=alpha)


def _upright(plane: NDArray[Any], orientation: int) -> Pixels:
    """Apply an EXIF orientation (Exif 2.32, tag 0x0112)."""
    if orientation in (5, 6, 7, 8):
        plane = plane.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        plane = plane[:, ::-1]
    if orientation in (3, 4, 7, 8):
        plane = plane[::-1]
    return np.ascontiguousarray(plane)
