import io
import struct
import zlib
from typing import get_args

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image

from core.errors import BrokenImage, EmptyObject, ImageTooLarge, TintypeError, UnsupportedFormat
from core.formats import OutputFormat
from tests.support.images import encoded, gradient, tiff
from worker.images import decode, encode

# Pillow warns of many a damage before it fails.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

LIMIT = 1_000_000
VARIANTS = 60
RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
DEEP = RGB.astype(np.uint16) * 257
LARGE = np.dstack([gradient(120, 160, seed=seed) for seed in range(3)])


def in_mode(mode: str, format: str, **options: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(RGB).convert(mode).save(out, format, **options)
    return out.getvalue()


def from_a_camera(format: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Kodak"
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "1936:05:01 12:00:00"
    return encoded(RGB, format, exif=exif, dpi=(300, 300))


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def header(side: int, depth: int = 8) -> tuple[bytes, bytes]:
    """The first chunk of an RGB PNG."""
    return b"IHDR", struct.pack(">IIBBBBB", side, side, depth, 2, 0, 0, 0)


def claiming(format: str, side: int) -> bytes:
    """A small file whose header claims a large square, with no pixels for it."""
    if format == "PNG":
        return png(header(side), (b"IDAT", b"no pixels"), (b"IEND", b""))
    data = bytearray(encoded(RGB, format))
    if format == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", side, side)
        del data[data.index(b"\xff\xda") + 14 :]
    elif format == "BMP":
        data[18:26] = struct.pack("<ii", side, side)
    elif format == "WEBP":
        at = data.index(b"\x9d\x01\x2a") + 3
        data[at : at + 4] = struct.pack("<HH", side, side)
    else:
        for tag, old in ((256, 32), (257, 24)):
            at = data.index(struct.pack("<HHI", tag, 4, 1) + struct.pack("<I", old)) + 8
            data[at : at + 4] = struct.pack("<I", side)
    return bytes(data)


SEEDS = {
    "jpeg": from_a_camera("JPEG"),
    "progressive jpeg": encoded(RGB, "JPEG", progressive=True),
    "cmyk jpeg": in_mode("CMYK", "JPEG"),
    "png": from_a_camera("PNG"),
    "palette png": in_mode("P", "PNG"),
    "16-bit png": bytes(cv2.imencode(".png", DEEP)[1]),
    "16-bit grey png": encoded(DEEP[..., 0], "PNG"),
    "webp": from_a_camera("WEBP"),
    "lossless webp": encoded(np.dstack((RGB, RGB[..., 0])), "WEBP", lossless=True),
    "bmp": encoded(RGB, "BMP"),
    "palette bmp": in_mode("P", "BMP"),
    "tiff": encoded(RGB, "TIFF"),
    "lzw tiff": encoded(RGB, "TIFF", compression="tiff_lzw"),
    "jpeg tiff": encoded(RGB, "TIFF", compression="jpeg"),
    "fax tiff": in_mode("1", "TIFF", compression="group4"),
    "16-bit tiff": tiff(DEEP, photometric=2),
    "16-bit lzw tiff": bytes(cv2.imencode(".tiff", DEEP)[1]),
    "16-bit tiff in planes": tiff(DEEP, photometric=2, planes=True),
    "avif": from_a_camera("AVIF"),
    "jpeg 2000": encoded(RGB, "JPEG2000"),
    "16-bit jpeg 2000": bytes(cv2.imencode(".jp2", np.tile(DEEP, (6, 6, 1)))[1]),
    "gif": in_mode("P", "GIF"),
    "ppm": encoded(RGB, "PPM"),
    "16-bit ppm": b"P6 32 24 65535\n" + DEEP.astype(">u2").tobytes(),
}


def test_no_bytes_are_an_empty_object() -> None:
    with pytest.raises(EmptyObject):
        decode(b"", LIMIT)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"hello",
        b"%PDF-1.7\n",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        np.random.default_rng(0).bytes(4096),
        encoded(RGB, "ICO"),
        encoded(RGB, "TGA"),
    ],
    ids=["null", "text", "pdf", "svg", "random", "ico", "tga"],
)
def test_what_is_no_supported_image_is_an_unsupported_format(data: bytes) -> None:
    with pytest.raises(
        UnsupportedFormat, match="JPEG, PNG, TIFF, WEBP, AVIF, HEIC, JPEG 2000, BMP, GIF, PNM"
    ):
        decode(data, LIMIT)


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("length", [2, 4, 8, 12, 16, 33])
def test_a_beginning_alone_is_refused(name: str, length: int) -> None:
    with pytest.raises((UnsupportedFormat, BrokenImage)):
        decode(SEEDS[name][:length], LIMIT)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
def test_a_file_cut_short_is_a_broken_image(format: str, share: float) -> None:
    data = encoded(LARGE, format)
    with pytest.raises(BrokenImage):
        decode(data[: int(len(data) * share)], LIMIT)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_a_16_bit_file_cut_short_is_a_broken_image(share: float) -> None:
    deep = LARGE.astype(np.uint16) * 257
    for data in (bytes(cv2.imencode(".png", deep)[1]), tiff(deep, photometric=2)):
        with pytest.raises(BrokenImage):
            decode(data[: int(len(data) * share)], LIMIT)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    "body",
    [
        b"no pixels at all",
        zlib.compress(b"too few"),
        zlib.compress(bytes([9]) * 24 * (24 * 6 + 1)),
    ],
    ids=["not zlib", "too few", "bad filter"],
)
def test_damaged_pixels_of_a_png_are_a_broken_image(body: bytes, depth: int) -> None:
    with pytest.raises(BrokenImage):
        decode(png(header(24, depth), (b"IDAT", body), (b"IEND", b"")), LIMIT)


def test_a_chunk_longer_than_its_file_is_never_allocated() -> None:
    data = bytearray(SEEDS["16-bit png"])
    at = data.index(b"IDAT") - 4
    data[at : at + 4] = b"\xc4\x00\x00\x00"
    with pytest.raises(BrokenImage, match="longer than the file"):
        decode(bytes(data), LIMIT)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "BMP", "WEBP"])
def test_too_many_pixels_are_refused_by_the_header_alone(format: str) -> None:
    side = 16_383 if format == "WEBP" else 60_000
    with pytest.raises(ImageTooLarge, match=f"{side} x {side} pixels, more than {LIMIT}"):
        decode(claiming(format, side), LIMIT)
    # There was nothing to decode: where the limit allows a try, it fails.
    with pytest.raises(ImageTooLarge):
        decode(claiming(format, 600), 600 * 600 - 1)
    with pytest.raises(BrokenImage):
        decode(claiming(format, 600), 600 * 600)


def test_the_limit_itself_is_allowed() -> None:
    data = encoded(RGB, "PNG")
    assert decode(data, 24 * 32).pixels.shape == RGB.shape
    with pytest.raises(ImageTooLarge):
        decode(data, 24 * 32 - 1)


@pytest.mark.parametrize("format", ["PNG", "BMP", "JPEG", "TIFF"])
def test_an_image_without_pixels_is_refused(format: str) -> None:
    with pytest.raises((UnsupportedFormat, BrokenImage)):
        decode(claiming(format, 0), LIMIT)


def test_a_text_that_inflates_without_end_is_a_broken_image() -> None:
    bomb = b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(80_000_000), 9)
    pixels = b"IDAT", zlib.compress(bytes(24 * (24 * 3 + 1)))
    with pytest.raises(BrokenImage):
        decode(png(header(24), bomb, pixels, (b"IEND", b"")), LIMIT)


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a few bytes, mostly at the ends, where the headers are; sometimes cut the file."""
    out = bytearray(data)
    start, stop = [(0, len(out)), (0, 250), (-250, 0)][rng.integers(3)]
    for place in rng.integers(start, stop, rng.integers(1, 8)):
        out[place % len(out)] = rng.integers(256)
    return bytes(out[: rng.integers(1, len(out))] if rng.random() < 0.1 else out)


@pytest.mark.parametrize("name", SEEDS)
def test_damage_gives_an_error_of_ours_or_a_picture_that_can_be_written(name: str) -> None:
    rng = np.random.default_rng(sorted(SEEDS).index(name))
    refused = 0
    for _ in range(VARIANTS):
        try:
            photo = decode(damaged(SEEDS[name], rng), max_pixels=16_000)
        except TintypeError:
            refused += 1
            continue
        for format in get_args(OutputFormat):
            written = decode(encode(photo, format), LIMIT)
            assert (written.height, written.width) == (photo.height, photo.width)
    assert refused


def test_a_tiff_that_tells_two_sizes_is_refused() -> None:
    whole = tiff(np.zeros((64, 64, 3), np.uint16), photometric=2)
    # Two tags that do not matter become a second width and height: Pillow takes the last.
    small = (struct.pack("<HHI", tag, 3, 1) + struct.pack("<HH", 8, 0) for tag in (256, 257))
    for tag, entry in zip((274, 284), small, strict=True):
        at = whole.index(struct.pack("<HHI", tag, 3, 1))
        whole = whole[:at] + entry + whole[at + 12 :]
    with pytest.raises((BrokenImage, UnsupportedFormat)):
        decode(whole, max_pixels=64)
