"""From a photograph to a file."""

import io
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageTooLarge
from core.formats import OutputFormat
from worker.colour.lightness import Pixels
from worker.images.errors import naming_a_lack_of_memory
from worker.images.jpeg import encode_jpeg
from worker.images.photo import Photo, with_alpha
from worker.images.png import encode_png
from worker.images.tiff import encode_tiff

DEFAULT_QUALITY = 92
MAX_SIDE = {"jpeg": 65_500, "png": 1_000_000, "webp": 16_383}


def encode(photo: Photo, format: OutputFormat, quality: int | None = None) -> bytes:
    """Write a photo with its metadata, as far as the format holds it.

    JPEG and WebP have 8 bits, JPEG has no alpha, TIFF no EXIF.

    Raises:
        ImageTooLarge: the format cannot hold an image of this size.
        BrokenImage: the encoder refuses it.
        OutOfMemory: it failed where memory is limited to less than it may need.
    """
    limit = MAX_SIDE.get(format)
    if limit and max(photo.width, photo.height) > limit:
        raise ImageTooLarge(f"{format} holds at most {limit} pixels a side; ask for tiff")
    with naming_a_lack_of_memory(photo.width * photo.height):
        return _encode(photo, format, quality)


def _encode(photo: Photo, format: OutputFormat, quality: int | None) -> bytes:
    if format == "png":
        return encode_png(photo)
    if format == "tiff":
        return encode_tiff(photo)
    if photo.pixels.dtype == np.uint16:
        photo = _to_8_bits(photo)
    if format == "jpeg":
        return encode_jpeg(photo, quality or DEFAULT_QUALITY)
    return _webp(photo, quality or DEFAULT_QUALITY)


def _webp(photo: Photo, quality: int) -> bytes:
    metadata = {"icc_profile": photo.icc, "exif": photo.exif}
    out = io.BytesIO()
    image = Image.fromarray(with_alpha(photo))
    image.save(out, "WEBP", quality=quality, **{k: v for k, v in metadata.items() if v})
    return out.getvalue()


def _to_8_bits(photo: Photo) -> Photo:
    def scale(plane: Pixels) -> NDArray[np.uint8]:
        return ((plane.astype(np.uint32) + 128) // 257).astype(np.uint8)

    alpha = None if photo.alpha is None else scale(photo.alpha)
    return replace(photo, pixels=scale(photo.pixels), alpha=alpha)
