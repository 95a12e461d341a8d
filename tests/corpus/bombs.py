"""Files made by hand, each against one weakness that a decoder may have."""

import struct
import zlib
from collections.abc import Callable

import numpy as np

from tests.support.bombs import (
    DISPOSED,
    GREY,
    JP2_SIGNATURE,
    PNG_SIGNATURE,
    box,
    chunk,
    data_at,
    deflated,
    deflated_tiff,
    exif_segments,
    gif,
    header,
    jpeg,
    many_scans,
    png,
    segment,
    shared_values,
    tiff,
    tiled_jp2,
    webp_canvas,
)
from tests.support.images import encoded

MIB = 1024 * 1024
RGB = np.dstack([GREY] * 3)


def _square_png(side: int, depth: int = 8, colour: int = 0) -> bytes:
    """A whole and valid PNG of zeros."""
    line = side * depth // 8 * (3 if colour == 2 else 1) + 1
    body = chunk(b"IDAT", deflated(side * line))
    return PNG_SIGNATURE + header(side, side, depth, colour) + body + chunk(b"IEND")


def _plain_tags(count: int) -> dict[int, int]:
    at = data_at(count)
    return {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: at, 277: 1, 278: 8, 279: 64}


def _million_pages() -> bytes:
    """One page of pixels, and a chain of a million empty directories."""
    tags = _plain_tags(9)
    first = data_at(9) + 64
    chain = b"".join(
        struct.pack("<HI", 0, first + 6 * number) for number in range(1, 1_000_000)
    ) + struct.pack("<HI", 0, 0)
    return tiff(list(tags.items()), bytes(64) + chain, following=first)


def _looping_pages() -> bytes:
    return tiff(list(_plain_tags(9).items()), bytes(64), following=8)


def _lying_exif() -> bytes:
    def entry(tag: int, type: int, count: int, value: int) -> bytes:
        return struct.pack("<HHII", tag, type, count, value)

    entries = (
        entry(0x0112, 3, 1, 99),
        entry(0x010F, 2, 0xFFFF_FFFF, 8),
        entry(0x011A, 5, 0x1FFF_FFFF, 0xFFFF_FFF0),
        entry(0x8769, 4, 1, 0xFFFF_FFFF),
        entry(0x8825, 4, 1, 8),
        entry(0xA005, 4, 1, 8),
    )
    block = struct.pack("<2sHIH", b"II", 42, 8, 60_000) + b"".join(entries)
    return jpeg(exif_segments(block))


def _zero_length_scans() -> bytes:
    plain = encoded(GREY)
    at = plain.index(b"\xff\xda")
    return plain[:at] + b"\xff\xda\0\2" * 10_000 + plain[at:]


def _empty_scans() -> bytes:
    """Scans with a header and without any coded data."""
    plain = encoded(GREY, progressive=True)
    at = plain.index(b"\xff\xda")
    return plain[:at] + plain[at : at + 10] * 30 + plain[at:]


def _arithmetic() -> bytes:
    """A JPEG that says its data are coded arithmetically (T.81, SOF9)."""
    return encoded(GREY).replace(b"\xff\xc0", b"\xff\xc9", 1)


def _gif(width: int, height: int, frame: int) -> bytes:
    screen = struct.pack("<6sHHBBB", b"GIF89a", width, height, 0x80, 0, 0) + bytes(6)
    image = struct.pack("<BHHHHB", 0x2C, 0, 0, frame, frame, 0) + b"\x02\x02\x44\x01\x00"
    return screen + image * 1000 + b";"


def _polyglot() -> bytes:
    """A JPEG that is a PNG, a TIFF and an archive to those who look elsewhere."""
    return jpeg(segment(0xFE, png()), segment(0xFE, _looping_pages())) + b"PK\x03\x04" + png()


def _bmp(width: int, height: int, compression: int = 0) -> bytes:
    data = bytearray(encoded(GREY, "BMP"))
    data[18:26] = struct.pack("<ii", width, height)
    data[30:34] = struct.pack("<I", compression)
    return bytes(data)


def _pnm(kind: bytes, size: bytes, body: bytes = b"") -> bytes:
    return kind + b"\n" + size + b"\n255\n" + body


def _shared_pages() -> bytes:
    """Directories of 40,000 entries, each but four bytes after the one before."""
    count = 40_000
    data = bytearray(struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", count) * 7 * count)
    for at in range(8, 4008, 4):
        end = at + 2 + 12 * count
        data[end : end + 4] = struct.pack("<I", at + 4)
    return bytes(data)


def _jp2(side: int, channels: int = 1) -> bytes:
    """A JPEG 2000 codestream of one huge tile, cut off after its header (T.800, A.5.1)."""
    size = struct.pack(">HIIIIIIII", 0, side, side, 0, 0, side, side, 0, 0)
    siz = size + struct.pack(">HBBB", channels, 7, 1, 1)
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(siz) + 2) + siz + bytes(64)


def _without_palette() -> bytes:
    colour_type = 3
    return png().replace(header(8, 8), header(8, 8, colour=colour_type))


BOMBS: dict[str, Callable[[], bytes]] = {
    "png of 60,000 x 60,000": lambda: _square_png(60_000),
    "png of 16 bits at the limit": lambda: _square_png(980, 16, 2),
    "png of two sizes": lambda: (
        PNG_SIGNATURE + header(60_000, 60_000, 16, 2) + png()[len(PNG_SIGNATURE) :]
    ),
    "png without width": lambda: png(width=0),
    "png of a million chunks": lambda: png(chunk(b"prVt") * 1_000_000),
    "png of endless text": lambda: png(chunk(b"zTXt", b"a\0\0" + deflated(80 * MIB)) * 3),
    "png of much text": lambda: png(chunk(b"zTXt", b"a\0\0" + deflated(MIB - 1)) * 63),
    "png of international text": lambda: png(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + deflated(80 * MIB))
    ),
    "png of an endless profile": lambda: png(chunk(b"iCCP", b"icc\0\0" + deflated(400 * MIB))),
    "png of lying exif": lambda: png(chunk(b"eXIf", shared_values(5000, 900_000))),
    "png of endless pixels": lambda: (
        PNG_SIGNATURE + header(8, 8) + chunk(b"IDAT", deflated(500 * MIB)) + chunk(b"IEND")
    ),
    "tiff of a million pages": _million_pages,
    "tiff of looping pages": _looping_pages,
    "tiff of an endless strip": lambda: deflated_tiff(deflated(1000 * MIB)),
    "tiff of endless rows": lambda: deflated_tiff(deflated(1000 * MIB), rows=2**31),
    "tiff of an endless tile": lambda: deflated_tiff(deflated(1000 * MIB), tile=32_768),
    "tiff of shared values": lambda: shared_values(5000, MIB),
    "tiff of a million numbers": lambda: shared_values(1, 16 * MIB, type=5, unit=8),
    "jpeg of lying exif": _lying_exif,
    "jpeg of shared exif": lambda: jpeg(exif_segments(shared_values(2600, 30_000))),
    "jpeg of much exif": lambda: jpeg(exif_segments(shared_values(5000, 900_000))),
    "jpeg of a million segments": lambda: jpeg(segment(0xE5) * 1_000_000),
    "jpeg of fill": lambda: jpeg(b"\xff" * (8 * MIB)),
    "jpeg of nothing": lambda: jpeg(segment(0xFE), bytes(8 * MIB)),
    "jpeg of thousands of scans": lambda: many_scans(5000, 900),
    "jpeg of 60 scans": lambda: many_scans(54, 980),
    "jpeg of zero-length scans": _zero_length_scans,
    "jpeg of empty scans": _empty_scans,
    "jpeg arithmetic": _arithmetic,
    "jpeg of many pictures": lambda: jpeg(
        segment(0xE2, b"MPF\0" + shared_values(2600, 30_000)[:60_000])
    ),
    "webp of another canvas": lambda: webp_canvas(16_384),
    "webp of a wrong canvas": lambda: webp_canvas(9),
    "gif of absurd frames": lambda: _gif(1, 1, 65_535),
    "gif of an absurd first frame": lambda: gif((1, 1), (65_535, 65_535), DISPOSED),
    "gif of comments": lambda: gif((1, 1), (1, 1), b"!\xfe\xff" + bytes(255) * 100_000),
    "gif of a comment": lambda: gif(
        (1, 1), (1, 1), b"!\xfe" + (b"\xff" + bytes(255)) * 100_000 + b"\0"
    ),
    "gif of an absurd screen": lambda: _gif(65_535, 65_535, 1),
    "bmp of a negative size": lambda: _bmp(-32, -(2**31)),
    "bmp of runs": lambda: _bmp(900, 900, compression=1),
    "pnm of 60,000 x 60,000": lambda: _pnm(b"P5", b"60000 60000"),
    "pnm of endless digits": lambda: _pnm(b"P2", b"9" * 100_000 + b" 1"),
    "pnm of an endless comment": lambda: b"P6\n" + b"#\n" * 4_000_000 + b"1 1 255\n\0\0\0",
    "ppm of 16 bits at the limit": lambda: b"P6 990 990 65534\n" + bytes(990 * 990 * 6),
    "jpeg 2000 of tiny tiles": lambda: tiled_jp2(900, 4),
    "jpeg 2000 of boxes": lambda: JP2_SIGNATURE + box(b"free") * 1_000_000,
    "jpeg 2000 of many channels": lambda: _jp2(60_000, 16_384),
    "avif of lying exif": lambda: encoded(
        RGB, "AVIF", exif=b"Exif\0\0" + shared_values(5000, 900_000)
    ),
    "tiff of pages that share their bytes": _shared_pages,
    "jpeg 2000 of a huge tile": lambda: _jp2(60_000),
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "polyglot": _polyglot,
    "archive": lambda: b"PK\x03\x04" + deflated(MIB),
    "gzip": lambda: zlib.compress(bytes(MIB), wbits=31),
    "no bytes": lambda: b"",
    "one byte": lambda: b"\xff",
    "beginning of a jpeg": lambda: b"\xff\xd8\xff",
    "one pixel": lambda: encoded(GREY[:1, :1], "PNG"),
    "one line": lambda: encoded(GREY[:1].repeat(10_000, axis=1).copy(), "PNG"),
    "one column": lambda: encoded(GREY[:, :1].repeat(10_000, axis=0).copy(), "TIFF"),
    "palette without colours": _without_palette,
}


def bombs() -> dict[str, bytes]:
    """Return every bomb by name."""
    return {name: make() for name, make in BOMBS.items()}
