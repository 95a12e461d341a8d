import io
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageTooLarge, UnsupportedFormat
from core.formats import OutputFormat
from tests.support.images import at_depth, decoded, encoded, gradient, tiff
from worker.colour.lightness import Pixels
from worker.images import Photo, decode, encode

LIMIT = 1_000_000
GREY = gradient(24, 32)
RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
DEEP_GREY = at_depth(GREY.astype(int) * 257 - 3 * (GREY > 9), 16)
DEEP_RGB = at_depth(RGB.astype(int) * 257 - 5 * (RGB > 9), 16)
ALPHA = np.tile(np.arange(32, dtype=np.uint8) * 8, (24, 1))
DEEP_ALPHA = at_depth(ALPHA.astype(int) * 257, 16)


def in_mode(mode: str, format: str, source: NDArray[np.uint8] = RGB) -> bytes:
    """A file whose pixels have a Pillow mode."""
    out = io.BytesIO()
    Image.fromarray(source).convert(mode).save(out, format)
    return out.getvalue()


def deep(pixels: NDArray[Any], suffix: str) -> bytes:
    """A 16-bit file of RGB or RGBA pixels."""
    order = [2, 1, 0, 3][: pixels.shape[2]]
    ok, data = cv2.imencode(suffix, np.ascontiguousarray(pixels[..., order]))
    assert ok
    return bytes(data)


def result(rgb: Pixels = RGB) -> Photo:
    """What the pipeline hands to ``encode``."""
    alpha = ALPHA if rgb.dtype == np.uint8 else DEEP_ALPHA
    return Photo(rgb, alpha, "png")


@pytest.mark.parametrize(
    ("format", "expected"),
    [("JPEG", "jpeg"), ("PNG", "png"), ("TIFF", "tiff"), ("WEBP", "webp"), ("BMP", "png")],
)
def test_every_input_format_gives_its_pixels_and_its_output_format(
    format: str, expected: OutputFormat
) -> None:
    data = encoded(RGB, format)
    photo = decode(data, LIMIT)
    assert photo.format == expected
    assert (photo.width, photo.height) == (32, 24)
    assert np.array_equal(photo.pixels, decoded(data))
    assert photo.alpha is None


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "BMP"])
def test_grey_stays_one_channel(format: str) -> None:
    data = encoded(GREY, format)
    assert np.array_equal(decode(data, LIMIT).pixels, decoded(data))


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
def test_one_bit_becomes_black_and_white(format: str) -> None:
    data = in_mode("1", format)
    pixels = decode(data, LIMIT).pixels
    assert np.array_equal(pixels, decoded(data) * np.uint8(255))
    assert set(np.unique(pixels)) == {0, 255}


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
def test_a_palette_becomes_rgb(format: str) -> None:
    data = in_mode("P", format)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(decode(data, LIMIT).pixels, expected)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(format: str) -> None:
    photo = decode(in_mode("CMYK", format), LIMIT)
    assert photo.alpha is None
    assert np.abs(photo.pixels.astype(int) - RGB).mean() < 8


def test_16_bit_cmyk_becomes_8_bit_rgb() -> None:
    cmyk = np.asarray(Image.fromarray(RGB).convert("CMYK")).astype(np.uint16) * 257
    photo = decode(tiff(cmyk, photometric=5), LIMIT)
    assert photo.alpha is None
    assert np.array_equal(photo.pixels, RGB)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_grey_with_alpha_comes_apart(format: str) -> None:
    photo = decode(encoded(np.dstack((GREY, ALPHA)), format), LIMIT)
    assert np.array_equal(photo.pixels, GREY)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, ALPHA)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_colour_with_alpha_comes_apart(format: str) -> None:
    opaque = np.maximum(ALPHA, 1)
    options = {"lossless": True} if format == "WEBP" else {}
    photo = decode(encoded(np.dstack((RGB, opaque)), format, **options), LIMIT)
    assert np.array_equal(photo.pixels, RGB)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, opaque)


def test_a_transparent_colour_becomes_alpha() -> None:
    level = int(GREY[0, 0])
    photo = decode(encoded(GREY, "PNG", transparency=level), LIMIT)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha == 0, level == GREY)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_every_bit(format: str) -> None:
    pixels = decode(encoded(DEEP_GREY, format), LIMIT).pixels
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, DEEP_GREY)


def test_big_endian_16_bit_grey_keeps_every_bit() -> None:
    out = io.BytesIO()
    big_endian = DEEP_GREY.astype(">u2").tobytes()
    Image.frombytes("I;16B", (32, 24), big_endian).save(out, "TIFF")
    assert np.array_equal(decode(out.getvalue(), LIMIT).pixels, DEEP_GREY)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bit_colour_keeps_every_bit(suffix: str) -> None:
    photo = decode(deep(DEEP_RGB, suffix), LIMIT)
    assert photo.pixels.dtype == np.uint16
    assert np.array_equal(photo.pixels, DEEP_RGB)
    assert photo.alpha is None


def test_16_bit_colour_with_alpha_comes_apart() -> None:
    photo = decode(deep(np.dstack((DEEP_RGB, DEEP_ALPHA)), ".png"), LIMIT)
    assert np.array_equal(photo.pixels, DEEP_RGB)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, DEEP_ALPHA)


@pytest.mark.parametrize("grey", [GREY, DEEP_GREY])
def test_a_tiff_whose_white_is_zero_is_no_negative(grey: Pixels) -> None:
    assert np.array_equal(decode(tiff(np.invert(grey), photometric=0), LIMIT).pixels, grey)


@pytest.mark.parametrize("pixels", [RGB, DEEP_RGB])
def test_a_tiff_may_have_one_plane_a_channel(pixels: Pixels) -> None:
    assert np.array_equal(decode(tiff(pixels, 2, planes=True), LIMIT).pixels, pixels)


@pytest.mark.parametrize("mode", ["I", "F", "LAB"])
def test_kinds_of_pixels_without_a_meaning_here_are_named(mode: str) -> None:
    image = Image.fromarray(RGB) if mode == "LAB" else Image.fromarray(GREY).convert(mode)
    raw = Image.frombytes(mode, image.size, image.tobytes())
    out = io.BytesIO()
    raw.save(out, "TIFF")
    with pytest.raises(UnsupportedFormat, match=f"'{mode}'"):
        decode(out.getvalue(), LIMIT)


@pytest.mark.parametrize(
    ("format", "expected"), [("WEBP", "webp"), ("TIFF", "tiff"), ("PNG", "png"), ("MPO", "jpeg")]
)
def test_of_several_images_the_first_counts(format: str, expected: OutputFormat) -> None:
    black, white = np.zeros_like(RGB), np.full_like(RGB, 255)
    options = {"save_all": True, "append_images": [Image.fromarray(white)]}
    photo = decode(encoded(black, format, **options), LIMIT)
    assert photo.format == expected
    assert photo.pixels.shape == RGB.shape
    assert photo.pixels.max() < 10


@pytest.mark.parametrize("format", ["png", "webp", "tiff"])
def test_alpha_is_kept_where_the_format_has_it(format: OutputFormat) -> None:
    alpha = decode(encode(result(), format), LIMIT).alpha
    assert alpha is not None
    assert np.array_equal(alpha, ALPHA)


def test_alpha_is_dropped_in_jpeg() -> None:
    photo = decode(encode(result(), "jpeg"), LIMIT)
    assert photo.alpha is None
    assert np.abs(photo.pixels.astype(int) - RGB).mean() < 8


def test_grey_pixels_with_alpha_can_be_written_too() -> None:
    photo = decode(encode(Photo(GREY, ALPHA, "png"), "png"), LIMIT)
    assert np.array_equal(photo.pixels, np.dstack([GREY] * 3))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, ALPHA)


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_8_bits_come_back_unchanged_from_a_lossless_format(format: OutputFormat) -> None:
    pixels = decode(encode(result(), format), LIMIT).pixels
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, RGB)


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_16_bits_come_back_unchanged_from_png_and_tiff(format: OutputFormat) -> None:
    photo = decode(encode(result(DEEP_RGB), format), LIMIT)
    assert photo.pixels.dtype == np.uint16
    assert np.array_equal(photo.pixels, DEEP_RGB)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, DEEP_ALPHA)


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_16_bits_are_rounded_to_8_in_jpeg_and_webp(format: OutputFormat) -> None:
    pixels = decode(encode(result(DEEP_RGB), format), LIMIT).pixels
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - RGB).mean() < 8


def test_the_whole_16_bit_range_fits_8_bits() -> None:
    ends = np.zeros((16, 16, 3), np.uint16)
    ends[:, 8:] = 65_535
    pixels = decode(encode(Photo(ends, None, "png"), "jpeg", quality=100), LIMIT).pixels
    assert (pixels.min(), pixels.max()) == (0, 255)


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_quality_costs_bytes(format: OutputFormat) -> None:
    sizes = [len(encode(result(), format, quality)) for quality in (5, 50, None, 100)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(
    ("format", "limit"), [("webp", 16_383), ("jpeg", 65_500), ("png", 1_000_000)]
)
@pytest.mark.parametrize("upright", [False, True])
def test_a_side_that_the_format_cannot_hold_is_refused(
    format: OutputFormat, limit: int, upright: bool
) -> None:
    def strip(side: int) -> Photo:
        pixels = np.zeros((1, side, 3), np.uint8)
        return Photo(pixels.swapaxes(0, 1) if upright else pixels, None, "png")

    assert encode(strip(limit), format)
    with pytest.raises(ImageTooLarge, match=f"{format} holds at most {limit}"):
        encode(strip(limit + 1), format)
    assert encode(strip(limit + 1), "tiff")
