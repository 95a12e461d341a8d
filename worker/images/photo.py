"""A decoded photograph, and the format in which one is written."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.formats import OutputFormat
from worker.colour.lightness import Pixels, Space

EXIF_PREFIX = b"Exif\0\0"
_AVIF = {b"avif", b"avis"}


def format_like(data: bytes) -> OutputFormat:
    """Return the format of a file by its first bytes; png for all that are not written here."""
    # MPO, as many cameras and phones write it, begins like the JPEG that it is.
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in _AVIF:
        return "avif"
    return "tiff" if data.startswith((b"II", b"MM")) else "png"


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
    """A block as in a file, without the six bytes before it in JPEG; it says upright."""
    icc: bytes | None = None
    """The profile of a result, which is sRGB; None if the source had none."""
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    """IPTC-IIM records."""
    texts: tuple[bytes, ...] = ()
    """Text chunks of a PNG, whole."""
    space: Space | None = None
    """What the pixels' levels mean, if they are not sRGB."""

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])


def with_alpha(photo: Photo) -> NDArray[Any]:
    """Return pixels and alpha as one array, (h, w, 4), or the pixels alone; RGB or grey."""
    if photo.alpha is None:
        return photo.pixels
    colours = [photo.pixels] * 3 if photo.pixels.ndim == 2 else [photo.pixels]
    return np.dstack((*colours, photo.alpha))


def to_8_bits(plane: Pixels) -> NDArray[np.uint8]:
    """Return levels of 8 bits, rounded."""
    if plane.dtype == np.uint8:
        return np.asarray(plane, np.uint8)
    return ((plane.astype(np.uint32) + 128) // 257).astype(np.uint8)
