"""From a photograph to a file."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from core.errors import ImageTooLarge
from core.formats import OutputFormat
from worker.images import exif, exif_tiff
from worker.images.errors import check_room, naming_a_lack_of_memory
from worker.images.jpeg import encode_jpeg
from worker.images.photo import EXIF_PREFIX, Photo, to_8_bits, with_alpha
from worker.images.png import encode_png
from worker.images.tiff import encode_tiff

DEFAULT_QUALITY = 92
MAX_SIDE = {"jpeg": 65_500, "png": 1_000_000, "webp": 16_383, "avif": 65_535}
_AVIF_BASE, _AVIF_BYTES_A_PIXEL = 32 * 1024 * 1024, 48
"""What libaom takes, and a fourth more: 39 bytes a pixel of noise, with two threads."""


def encode(photo: Photo, format: OutputFormat, quality: int | None = None) -> bytes:
    """Write a photo with its metadata, as far as the format holds it.

    JPEG, WebP and AVIF have 8 bits, JPEG has no alpha, WebP and AVIF no IPTC, and only PNG has
    texts.

    Raises:
        ImageTooLarge: the format cannot hold an image of this size.
        BrokenImage: the encoder refuses it.
        OutOfMemory: it failed where memory is limited to less than it may need.
    """
    limit = MAX_SIDE.get(format)
    if limit and max(photo.width, photo.height) > limit:
        raise ImageTooLarge(f"{format} holds at most {limit} pixels a side; ask for tiff")
    with naming_a_lack_of_memory(photo.width * photo.height):
        return _encode(photo, format, quality or DEFAULT_QUALITY)


def _encode(photo: Photo, format: OutputFormat, quality: int) -> bytes:
    if format == "png":
        return encode_png(photo)
    if format == "tiff":
        return encode_tiff(photo)
    if photo.pixels.dtype == np.uint16:
        alpha = None if photo.alpha is None else to_8_bits(photo.alpha)
        photo = replace(photo, pixels=to_8_bits(photo.pixels), alpha=alpha)
    if format == "jpeg":
        return encode_jpeg(photo, quality)
    return _with_pillow(photo, format, quality)


def _with_pillow(photo: Photo, format: OutputFormat, quality: int) -> bytes:
    """Write WebP or AVIF, where EXIF has to tell the resolution."""
    block = photo.exif or (exif_tiff.saying(photo.dpi) if photo.dpi else None)
    if format == "avif":
        # With 64 MiB for 9 megapixels, libaom had not returned after a minute.
        check_room(_AVIF_BASE + _AVIF_BYTES_A_PIXEL * photo.width * photo.height)
    if block and format == "avif":
        # With an orientation in it, Pillow would write the whole block anew.
        block = exif.without(block, {exif.ORIENTATION})
    options: dict[str, Any] = {
        "icc_profile": photo.icc,
        "exif": EXIF_PREFIX + block if block else None,
        "xmp": photo.xmp,
        "quality": quality,
    }
    out = io.BytesIO()
    image = Image.fromarray(with_alpha(photo))
    image.save(out, format.upper(), **{key: value for key, value in options.items() if value})
    return out.getvalue()
