"""16-bit colour files with their metadata; Pillow writes none, OpenCV leaves the metadata out."""

import io
import struct
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PIL.TiffTags import UNDEFINED

from core.errors import BrokenImage
from worker.images.photo import Photo

_SIGNATURE_AND_IHDR = 33
"""Bytes of a PNG before the place for the chunks below (PNG specification, 5.6)."""
_INCHES_IN_A_METRE = 1 / 0.0254
_EXIF_PREFIX = b"Exif\0\0"


def png(photo: Photo) -> bytes:
    """Write a PNG with 16 bits a channel.

    Raises:
        BrokenImage: OpenCV cannot write it.
    """
    channels = _channels(photo)
    # OpenCV wants blue first; alpha stays last.
    channels[..., :3] = channels[..., 2::-1].copy()
    ok, written = cv2.imencode(".png", channels)
    if not ok:
        raise BrokenImage("the result cannot be written as a 16-bit PNG")
    plain = bytes(written)
    chunks = b"".join(_png_chunk(kind, body) for kind, body in _png_metadata(photo).items())
    return plain[:_SIGNATURE_AND_IHDR] + chunks + plain[_SIGNATURE_AND_IHDR:]


def tiff(photo: Photo) -> bytes:
    """Write a TIFF with 16 bits a channel, in one strip of Deflate (TIFF 6.0; no EXIF)."""
    channels = _channels(photo)
    count = channels.shape[2]
    # Higher levels take several times as long and save a few per cent.
    strip = zlib.compress(channels.astype("<u2").tobytes(), level=1)
    tags = ImageFileDirectory_v2(prefix=b"II")
    tags[256], tags[257] = photo.width, photo.height
    tags[258] = (16,) * count
    tags[259], tags[262] = 8, 2
    tags[273], tags[279] = 0, len(strip)
    tags[277], tags[278] = count, photo.height
    tags[284] = 1
    if photo.alpha is not None:
        tags[338] = 2
    if photo.dpi:
        tags[282], tags[283] = photo.dpi
        tags[296] = 2
    if photo.icc:
        tags.tagtype[34675] = UNDEFINED
        tags[34675] = photo.icc
    out = io.BytesIO()
    tags.save(out)
    out.write(strip)
    return out.getvalue()


def _channels(photo: Photo) -> NDArray[np.uint16]:
    """Return a copy of red, green, blue and, if there is one, alpha: (h, w, 3 or 4)."""
    planes = [photo.pixels] * 3 if photo.pixels.ndim == 2 else [photo.pixels]
    if photo.alpha is not None:
        planes.append(photo.alpha)
    return np.asarray(np.dstack(planes), dtype=np.uint16)


def _png_metadata(photo: Photo) -> dict[bytes, bytes]:
    """Return the chunks iCCP, pHYs and eXIf, as far as there is something to say."""
    chunks = {}
    if photo.icc:
        chunks[b"iCCP"] = b"ICC Profile\0\0" + zlib.compress(photo.icc)
    if photo.dpi:
        x, y = (round(value * _INCHES_IN_A_METRE) for value in photo.dpi)
        chunks[b"pHYs"] = struct.pack(">IIB", x, y, 1)
    if photo.exif:
        chunks[b"eXIf"] = photo.exif.removeprefix(_EXIF_PREFIX)
    return chunks


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
