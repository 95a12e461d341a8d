"""Parts of image files, and whole ones that cost far more than they weigh."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

from tests.support.images import encoded, gradient

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JP2_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
EXIF = b"Exif\0\0"
_PART = 1024 * 1024
GREY = gradient(24, 32)


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    """The first chunk of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png(*chunks: bytes, width: int = 8, height: int = 8) -> bytes:
    """A grey PNG, all black, with more chunks before its pixels."""
    pixels = chunk(b"IDAT", deflated(height * (width + 1)))
    return PNG_SIGNATURE + header(width, height) + b"".join(chunks) + pixels + chunk(b"IEND")


def deflated(count: int) -> bytes:
    """Zeros by Deflate (RFC 1950), a thousandth of their size; made without having them."""
    whole, rest = divmod(count, _PART)
    deflate = zlib.compressobj(9, wbits=-15)
    # After a full flush nothing refers back, so the same block may stand many times.
    block = deflate.compress(bytes(_PART)) + deflate.flush(zlib.Z_FULL_FLUSH)
    end = deflate.compress(bytes(rest)) + deflate.flush()
    adler = count % 65_521 << 16 | 1
    return b"\x78\xda" + block * whole + end + struct.pack(">I", adler)


def segment(marker: int, body: bytes = b"") -> bytes:
    """A segment of a JPEG."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(*parts: bytes) -> bytes:
    """A small grey JPEG with more parts after its start."""
    plain = encoded(GREY)
    return plain[:2] + b"".join(parts) + plain[2:]


def exif_segments(block: bytes) -> bytes:
    """EXIF in as many segments of a JPEG as it takes."""
    parts = (block[at : at + 65_000] for at in range(0, len(block), 65_000))
    return b"".join(segment(0xE1, EXIF + part) for part in parts)


def many_scans(count: int, side: int = 32) -> bytes:
    """A black progressive JPEG whose last scan comes again and again."""
    plain = encoded(np.zeros((side, side), np.uint8), progressive=True)
    last = plain[plain.rindex(b"\xff\xda") : -2]
    return plain[:-2] + last * count + plain[-2:]


def tiff(tags: Sequence[tuple[int, int]], body: bytes = b"", following: int = 0) -> bytes:
    """A little-endian TIFF of LONG values, one each, before its data at ``data_at(tags)``."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
    return struct.pack("<2sHI", b"II", 42, 8) + directory + body


def data_at(count: int) -> int:
    """Where the data of ``tiff`` begin if it has so many tags."""
    return 8 + 2 + 12 * count + 4


def deflated_tiff(body: bytes, side: int = 8, tile: int = 0, rows: int = 8) -> bytes:
    """A grey TIFF of one strip, or of one tile, of Deflate."""
    tags = {256: side, 257: side, 258: 8, 259: 8, 262: 1, 277: 1}
    at = data_at(len(tags) + (4 if tile else 3))
    if tile:
        tags |= {322: tile, 323: tile, 324: at, 325: len(body)}
    else:
        tags |= {273: at, 278: rows, 279: len(body)}
    return tiff(list(tags.items()), body)


def shared_values(entries: int, size: int, type: int = 7, unit: int = 1) -> bytes:
    """A TIFF structure in which many tags have one and the same long value."""
    at = data_at(entries)
    directory = b"".join(
        struct.pack("<HHII", 40_000 + number, type, size // unit, at) for number in range(entries)
    )
    head = struct.pack("<2sHIH", b"II", 42, 8, entries)
    return head + directory + bytes(4) + bytes(size)


def webp_canvas(side: int) -> bytes:
    """A WebP of a few pixels on a canvas of another size."""
    plain = io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "WEBP", lossless=True)
    size = (side - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + size + size
    body = b"WEBP" + extended + plain.getvalue()[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


DISPOSED = b"!\xf9\x04\x08\0\0\0\0"
"""An extension of a GIF: the frame is to be replaced with the background."""


def gif(screen: tuple[int, int], frame: tuple[int, int], before: bytes = b"") -> bytes:
    """A GIF of one frame, black as far as there are pixels, with more bytes before it."""
    head = struct.pack("<6sHHBBB", b"GIF89a", *screen, 0x80, 0, 0) + bytes(6)
    image = struct.pack("<BHHHHB", 0x2C, 0, 0, *frame, 0) + b"\x02\x02\x44\x01\x00"
    return head + before + image + b";"


def box(kind: bytes, body: bytes = b"") -> bytes:
    """A box of JPEG 2000 or of HEIF's family."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def tiled_jp2(height: int, side: int) -> bytes:
    """A black JPEG 2000 of 1,024 columns that is cut into square tiles."""
    out = io.BytesIO()
    pixels = np.zeros((height, 1024), np.uint8)
    Image.fromarray(pixels).save(out, "JPEG2000", tile_size=(side, side), num_resolutions=1)
    return out.getvalue()
