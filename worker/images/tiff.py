"""TIFF of 8 or 16 bits with its metadata (TIFF 6.0).

Pillow cannot write 16 bits in colour, and with too little memory it writes beyond its buffer.
"""

import io
import zlib

from PIL.TiffImagePlugin import ImageFileDirectory_v2
from PIL.TiffTags import UNDEFINED

from worker.images.photo import Photo, with_alpha


def encode_tiff(photo: Photo) -> bytes:
    """Write a TIFF of the photo's depth, in one strip of Deflate; it holds no EXIF."""
    channels = with_alpha(photo)
    count = 1 if channels.ndim == 2 else channels.shape[2]
    # Higher levels take several times as long and save a few per cent.
    little_endian = channels.dtype.newbyteorder("<")
    strip = zlib.compress(channels.astype(little_endian, copy=False).tobytes(), level=1)
    tags = ImageFileDirectory_v2(prefix=b"II")
    tags[256], tags[257] = photo.width, photo.height
    tags[258] = (8 * channels.itemsize,) * count
    tags[259], tags[262] = 8, 1 if count == 1 else 2
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
