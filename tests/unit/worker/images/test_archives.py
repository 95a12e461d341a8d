"""Kinds of files that archives have, made here; what they hold is known level by level."""

import io
import math
import struct
import sys
import zlib
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from core.errors import BrokenImage, UnsupportedFormat
from tests.support.images import decoded, encoded, gradient
from worker.colour.lightness import Pixels
from worker.images import decode, opening

LIMIT = 1_000_000
GREY = gradient(120, 160)
RGB = np.dstack([gradient(120, 160, seed=seed) for seed in range(3)])
DEEP = RGB.astype(np.uint16) * 257 - 5 * (RGB > 9).astype(np.uint16)


def as_tiff(pixels: NDArray[Any], **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, **options)
    return out.getvalue()


def png(depth: int, kind: int, width: int, row: bytes, *more: tuple[bytes, bytes]) -> bytes:
    """A PNG of one row."""
    header = struct.pack(">IIBBBBB", width, 1, depth, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), *more, (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("pixels", [RGB, DEEP], ids=["8 bits", "16 bits"])
def test_tiff_in_colour_keeps_every_level(
    pixels: Pixels, planar: str, compression: str | None, tile: Any, byteorder: str
) -> None:
    stored = pixels.transpose(2, 0, 1) if planar == "separate" else pixels
    data = as_tiff(
        stored,
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
        tile=tile,
        byteorder=byteorder,
    )
    assert np.array_equal(decode(data, LIMIT).pixels, pixels)


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("pixels", [GREY, DEEP[..., 0]], ids=["8 bits", "16 bits"])
def test_grey_tiff_keeps_every_level(
    pixels: Pixels, compression: str | None, tile: Any, photometric: str
) -> None:
    stored = np.invert(pixels) if photometric == "miniswhite" else pixels
    data = as_tiff(stored, photometric=photometric, compression=compression, tile=tile)
    assert np.array_equal(decode(data, LIMIT).pixels, pixels)


def test_bigtiff_is_read() -> None:
    data = as_tiff(DEEP, photometric="rgb", bigtiff=True)
    assert np.array_equal(decode(data, LIMIT).pixels, DEEP)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("compression", [1, 5, 8, 32773], ids=["raw", "lzw", "deflate", "packbits"])
def test_16_bit_tiff_by_libtiff_keeps_every_level(compression: int) -> None:
    options = [cv2.IMWRITE_TIFF_COMPRESSION, compression]
    data = cv2.imencode(".tiff", np.ascontiguousarray(DEEP[..., ::-1]), options)[1].tobytes()
    assert np.array_equal(decode(data, LIMIT).pixels, DEEP)
    for share in (0.1, 0.5, 0.9, 0.99):
        with pytest.raises(BrokenImage):
            decode(data[: int(len(data) * share)], LIMIT)


@pytest.mark.parametrize(
    "compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group3", "group4"]
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tiff_of_every_compression_is_read_and_is_broken_when_cut_short(compression: str) -> None:
    fax = compression.startswith("group")
    out = io.BytesIO()
    Image.fromarray(RGB).convert("1" if fax else "RGB").save(out, "TIFF", compression=compression)
    data = out.getvalue()
    expected = decoded(data) * np.uint8(255) if fax else decoded(data)
    assert np.array_equal(decode(data, LIMIT).pixels, expected)
    for share in (0.1, 0.5, 0.9, 0.99):
        with pytest.raises(BrokenImage):
            decode(data[: int(len(data) * share)], LIMIT)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_transparent_level_of_few_bits_becomes_alpha(depth: int) -> None:
    row = bytes([0b00011011]) if depth == 2 else bytes([0b01010000, 0x23])
    width = 8 // depth
    photo = decode(png(depth, 0, width, row, (b"tRNS", b"\0\1")), LIMIT)
    packed = np.unpackbits(np.frombuffer(row, np.uint8)).reshape(-1, depth)
    levels = packed.dot(1 << np.arange(depth)[::-1])[:width]
    assert np.array_equal(photo.pixels[0], levels * (255 // (2**depth - 1)))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha[0] == 0, levels == 1)


def test_a_transparent_level_of_16_bit_grey_becomes_alpha() -> None:
    data = png(16, 0, 2, struct.pack(">HH", 300, 301), (b"tRNS", struct.pack(">H", 300)))
    photo = decode(data, LIMIT)
    assert photo.pixels.tolist() == [[300, 301]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 65_535]]


def test_a_transparent_colour_of_16_bits_becomes_alpha() -> None:
    row = struct.pack(">6H", 300, 301, 302, 300, 301, 303)
    photo = decode(png(16, 2, 2, row, (b"tRNS", struct.pack(">3H", 300, 301, 302))), LIMIT)
    assert photo.pixels.tolist() == [[[300, 301, 302], [300, 301, 303]]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[0, 65_535]]


def test_a_palette_may_be_transparent() -> None:
    palette = (b"PLTE", bytes(range(6))), (b"tRNS", b"\x07")
    photo = decode(png(1, 3, 2, b"\x40", *palette), LIMIT)
    assert photo.pixels.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    assert photo.alpha is not None
    assert photo.alpha.tolist() == [[7, 255]]


@pytest.mark.parametrize("most", [255, 1023, 65_535])
def test_ppm_in_colour_is_scaled_to_its_largest_level(most: int) -> None:
    levels = np.linspace(0, most, 24 * 32 * 3).round().astype(int).reshape(24, 32, 3)
    body = levels.astype(np.uint8 if most == 255 else ">u2").tobytes()
    pixels = decode(b"P6 # a comment\n32 24\n%d\n" % most + body, LIMIT).pixels
    full = np.iinfo(pixels.dtype).max
    assert full == (255 if most == 255 else 65_535)
    assert np.array_equal(pixels, np.round(levels * full / most))


@pytest.mark.parametrize("most", [255, 1023, 65_535])
def test_pgm_is_scaled_to_its_largest_level(most: int) -> None:
    levels = np.linspace(0, most, 24 * 32).round().astype(int).reshape(24, 32)
    body = levels.astype(np.uint8 if most == 255 else ">u2").tobytes()
    pixels = decode(b"P5\n32 24\n%d\n" % most + body, LIMIT).pixels
    full = np.iinfo(pixels.dtype).max
    assert full == (255 if most == 255 else 65_535)
    assert np.abs(pixels - levels * full / most).max() <= 1


@pytest.mark.parametrize("cut", [1, 2000])
@pytest.mark.parametrize("kind", [b"P5", b"P6"])
def test_pnm_cut_short_is_broken(kind: bytes, cut: int) -> None:
    pixels = DEEP if kind == b"P6" else DEEP[..., 0]
    with pytest.raises(BrokenImage):
        decode(kind + b" 160 120 65535\n" + pixels.astype(">u2").tobytes()[:-cut], LIMIT)


@pytest.mark.parametrize("pixels", [GREY, RGB, DEEP[..., 0]], ids=["grey", "colour", "deep grey"])
def test_jpeg_2000_keeps_every_level(pixels: Pixels) -> None:
    assert np.array_equal(decode(encoded(pixels, "JPEG2000"), LIMIT).pixels, pixels)


def test_jpeg_2000_in_colour_of_16_bits_keeps_every_level() -> None:
    lossless = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    data = cv2.imencode(".jp2", np.ascontiguousarray(DEEP[..., ::-1]), lossless)[1].tobytes()
    assert np.array_equal(decode(data, LIMIT).pixels, DEEP)
    at = data.index(b"\xff\x4f\xff\x51") + 8
    larger = data[:at] + struct.pack(">II", 60_000, 60_000) + data[at + 8 :]
    with pytest.raises(BrokenImage, match="contradicts itself"):
        decode(larger, LIMIT)


@pytest.mark.parametrize("bits", [9, 10, 12, 15, 16])
@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 3)], ids=["grey", "colour"])
def test_jpeg_2000_of_any_depth_goes_from_black_to_white(bits: int, shape: tuple[int, ...]) -> None:
    most = (1 << bits) - 1
    levels = np.linspace(0, most, math.prod(shape)).round().astype(np.uint16).reshape(shape)
    data = imagecodecs.jpeg2k_encode(
        levels, level=0, codecformat="jp2", bitspersample=bits, reversible=True
    )
    found = decode(bytes(data), LIMIT).pixels
    assert found.dtype == np.uint16
    assert np.abs(found - levels * (65_535 / most)).max() <= 1
    assert (found.min(), found.max()) == (0, 65_535)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_jpeg_2000_and_avif_cut_short_are_broken(share: float) -> None:
    for data in (encoded(RGB, "JPEG2000"), encoded(RGB, "AVIF")):
        with pytest.raises(BrokenImage):
            decode(data[: int(len(data) * share)], LIMIT)


def test_avif_is_what_pillow_reads() -> None:
    data = encoded(np.dstack((RGB, GREY)), "AVIF")
    photo = decode(data, LIMIT)
    assert photo.format == "avif"
    assert photo.alpha is not None
    assert np.array_equal(np.dstack((photo.pixels, photo.alpha)), decoded(data))


def test_the_first_frame_of_a_gif_counts() -> None:
    black, white = np.zeros_like(RGB), np.full_like(RGB, 255)
    more = {"save_all": True, "append_images": [Image.fromarray(white)]}
    photo = decode(encoded(black, "GIF", **more), LIMIT)
    assert photo.format == "png"
    assert photo.pixels.shape == RGB.shape
    assert photo.pixels.max() == 0


@pytest.mark.parametrize("transform", [0, 2])
def test_adobe_cmyk_and_ycck_are_not_inverted(transform: int) -> None:
    out = io.BytesIO()
    Image.fromarray(RGB).convert("CMYK").save(out, "JPEG", quality=95)
    data = out.getvalue()
    assert b"Adobe" in data
    if transform == 2:
        data = ycck(RGB)
    photo = decode(data, LIMIT)
    assert photo.pixels.shape == RGB.shape
    assert np.abs(photo.pixels.astype(int) - RGB).mean() < 6


def ycck(rgb: NDArray[np.uint8]) -> bytes:
    """A JPEG of YCCK: inverted CMY as YCC, as Adobe's programs write it; black is not used."""
    ycc = np.asarray(Image.fromarray(np.invert(rgb)).convert("YCbCr"))
    four = np.dstack((ycc, np.full(rgb.shape[:2], 255, np.uint8)))
    out = io.BytesIO()
    Image.fromarray(np.invert(four), "CMYK").save(out, "JPEG", quality=95, subsampling=0)
    data = bytearray(out.getvalue())
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def test_heic_is_read_with_the_extra() -> None:
    heif = pytest.importorskip("pillow_heif")
    out = io.BytesIO()
    heif.from_pillow(Image.fromarray(RGB)).save(out, format="HEIF", quality=95)
    photo = decode(out.getvalue(), LIMIT)
    assert photo.format == "png"
    assert np.abs(photo.pixels.astype(int) - RGB).mean() < 6


def test_heic_without_the_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    opening._has_heif.cache_clear()
    with pytest.raises(UnsupportedFormat, match=r"tintype\[heic\]"):
        decode(b"\x00\x00\x00\x20ftypheic" + bytes(60), LIMIT)
    opening._has_heif.cache_clear()
