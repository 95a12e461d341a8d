"""TIFF of 8 or 16 bits, of one page or several, with all its metadata (TIFF 6.0).

Pillow cannot write 16 bits in colour, and with too little memory it writes beyond its buffer.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageTooLarge
from worker.colour.bands import band_rows
from worker.images.exif_tiff import resolution_tags, tags_of
from worker.images.ifd import BYTE, Tag, Tiff, blob, lay_out, longs, shorts
from worker.images.photo import Photo, with_alpha

MAX_BYTES = 2**32 - 1
"""Of a classic TIFF, whose offsets have 32 bits."""
Order = Literal["<", ">"]
_ORDERS: dict[bytes, Order] = {b"II": "<", b"MM": ">"}
_DEFLATE, _DIFFERENCES = 8, 2
_XMP, _IPTC, _ICC = 700, 33723, 34675


class TiffWriter:
    """Takes photos page by page; of each, only its compressed strips are kept."""

    def __init__(self, order: Order = "<") -> None:
        """Begin a file; ``order`` is ``<`` or ``>``, that of the pages' EXIF blocks."""
        self._order = order
        self._parts = [(b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0)]
        self._at = 8
        self._link, self._link_at = 0, 4
        """The part, and the place in it, where the offset of the next directory goes."""

    def add(self, photo: Photo) -> None:
        """Write a page.

        Raises:
            ImageTooLarge: the file would be longer than a TIFF may be.
        """
        offsets, lengths = [], []
        rows = band_rows(photo.height, photo.width)
        for strip in _strips(photo, rows, self._order):
            offsets.append(self._at)
            lengths.append(len(strip))
            self._append(strip + bytes(len(strip) % 2))
        tags = _structure(photo, rows, self._order)
        tags[273], tags[279] = (
            longs(number, tuple(values), self._order)
            for number, values in ((273, offsets), (279, lengths))
        )
        self._append_directory(tags | _metadata(photo, self._order))

    def getvalue(self) -> bytes:
        """Return the file."""
        return b"".join(self._parts)

    def _append(self, part: bytes) -> None:
        self._parts.append(part)
        self._at += len(part)
        if self._at > MAX_BYTES:
            raise ImageTooLarge("the result is longer than a TIFF may be; ask for png")

    def _append_directory(self, tags: dict[int, Tag]) -> None:
        at = self._at
        body = lay_out(tags, at, self._order)
        linked = self._parts[self._link]
        pointer = struct.pack(self._order + "I", at)
        self._parts[self._link] = linked[: self._link_at] + pointer + linked[self._link_at + 4 :]
        self._link, self._link_at = len(self._parts), 2 + 12 * len(tags)
        self._append(body + bytes(len(body) % 2))


def encode_tiff(photo: Photo) -> bytes:
    """Write a TIFF of one page, in strips of Deflate.

    Raises:
        ImageTooLarge: it would be longer than a TIFF may be.
    """
    writer = TiffWriter(order_of(photo.exif or b""))
    writer.add(photo)
    return writer.getvalue()


def order_of(tiff: bytes) -> Order:
    """Return the byte order of a TIFF or an EXIF block, which a TIFF with its tags takes over."""
    return _ORDERS.get(tiff[:2], "<")


def _strips(photo: Photo, rows: int, order: Order) -> Iterator[bytes]:
    for top in range(0, photo.height, rows):
        part = slice(top, top + rows)
        alpha = None if photo.alpha is None else photo.alpha[part]
        band = with_alpha(Photo(photo.pixels[part], alpha, "tiff"))
        # Higher levels take several times as long and save a few per cent.
        yield zlib.compress(_differences(band, order), level=1)


def _differences(band: NDArray[Any], order: Order) -> bytes:
    """Return each pixel as what it differs from the one on its left (TIFF 6.0, section 14)."""
    out = band.copy()
    np.subtract(band[:, 1:], band[:, :-1], out=out[:, 1:])
    return out.astype(out.dtype.newbyteorder(order), copy=False).tobytes()


def _structure(photo: Photo, rows: int, order: Order) -> dict[int, Tag]:
    channels = 1 if photo.pixels.ndim == 2 and photo.alpha is None else 3
    count = channels + (photo.alpha is not None)
    tags = [
        longs(256, (photo.width,), order),
        longs(257, (photo.height,), order),
        shorts(258, (8 * photo.pixels.itemsize,) * count, order),
        shorts(259, (_DEFLATE,), order),
        shorts(262, (1 if channels == 1 else 2,), order),
        shorts(277, (count,), order),
        longs(278, (rows,), order),
        shorts(284, (1,), order),
        shorts(317, (_DIFFERENCES,), order),
    ]
    if photo.alpha is not None:
        tags.append(shorts(338, (2,), order))
    return {tag.number: tag for tag in tags}


def _metadata(photo: Photo, order: Order) -> dict[int, Tag]:
    """Return XMP, IPTC, the profile, EXIF's directories and the tags that describe."""
    tags = resolution_tags(photo.dpi, order) if photo.dpi else {}
    tags |= _described(photo, order)
    for number, value, kind in (
        (_XMP, photo.xmp, BYTE),
        (_IPTC, photo.iptc, 7),
        (_ICC, photo.icc, 7),
    ):
        if value:
            tags[number] = blob(number, value, kind)
    return tags


def _described(photo: Photo, order: Order) -> dict[int, Tag]:
    if photo.exif is None or order_of(photo.exif) != order:
        return {}
    try:
        block = Tiff(photo.exif)
        return tags_of(block, block.directory(block.first))
    except (ValueError, struct.error):
        return {}
