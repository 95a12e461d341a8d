"""A decoded photograph, and the format in which one is written."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.formats import OutputFormat
from worker.colour.lightness import Pixels

EXIF_PREFIX = b"Exif\0\0"


def format_like(data: bytes) -> OutputFormat:
    """Return the format of a file by its first bytes; png for all that are not written here."""
    # MPO, as many cameras and phones write it, begins like the JPEG that it is.
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
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


def with_alpha(photo: Photo) -> NDArray[Any]:
    """Return pixels and alpha as one array, (h, w, 4), or the pixels alone; RGB or grey."""
    if photo.alpha is None:
        return photo.pixels
    colours = [photo.pixels] * 3 if photo.pixels.ndim == 2 else [photo.pixels]
    return np.dstack((*colours, photo.alpha))
