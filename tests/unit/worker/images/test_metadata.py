import io
from typing import Any, get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps

from core.formats import OutputFormat
from tests.support.images import encoded, gradient, tiff
from worker.images import Photo, decode, encode

LIMIT = 1_000_000
GREY = gradient(24, 32)
RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
DEEP_GREY, DEEP_RGB = GREY.astype(np.uint16) * 257, RGB.astype(np.uint16) * 257
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
EVERY_FORMAT = get_args(OutputFormat)
BASE, CAMERA, PLACE = ExifTags.Base, ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo


def camera_exif(orientation: int = 1, description: str = "a harbour") -> Image.Exif:
    exif = Image.Exif()
    exif[BASE.Make] = "Kodak"
    exif[BASE.ImageDescription] = description
    exif[BASE.Orientation] = orientation
    exif.get_ifd(CAMERA)[BASE.DateTimeOriginal] = "1936:05:01 12:00:00"
    exif.get_ifd(PLACE)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return exif


def exif_of(data: bytes) -> Image.Exif:
    with Image.open(io.BytesIO(data)) as image:
        return image.getexif()


def profile_of(data: bytes) -> bytes | None:
    with Image.open(io.BytesIO(data)) as image:
        return image.info.get("icc_profile")


def result(**said: Any) -> Photo:
    """What the pipeline hands to ``encode``, with what the source's file said about it."""
    return Photo(RGB, None, "png", **said)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("format", "pixels", "options"),
    [
        ("JPEG", GREY, {}),
        ("JPEG", RGB, {}),
        ("PNG", RGB, {}),
        ("PNG", DEEP_GREY, {}),
        ("WEBP", RGB, {"lossless": True}),
        ("TIFF", GREY, {}),
        ("TIFF", RGB, {}),
        ("TIFF", RGB, {"compression": "tiff_adobe_deflate"}),
        ("TIFF", DEEP_GREY, {}),
    ],
)
def test_every_orientation_is_applied_once(
    format: str, pixels: NDArray[Any], options: dict[str, Any], orientation: int
) -> None:
    exif = Image.Exif()
    exif[BASE.Orientation] = orientation
    data = encoded(pixels, format, exif=exif, **options)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    photo = decode(data, LIMIT)
    assert (photo.height, photo.width) == expected.shape[:2]
    assert np.array_equal(photo.pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_once_to_16_bit_colour(orientation: int) -> None:
    exif = Image.Exif()
    exif[BASE.Orientation] = orientation
    eight_bits = decode(encoded(RGB, "PNG", exif=exif), LIMIT).pixels
    deep = decode(tiff(DEEP_RGB, 2, orientation=orientation), LIMIT).pixels
    assert np.array_equal(deep, eight_bits.astype(np.uint16) * 257)


def test_alpha_turns_with_the_pixels() -> None:
    exif = Image.Exif()
    exif[BASE.Orientation] = 6
    photo = decode(encoded(np.dstack((RGB, GREY)), "PNG", exif=exif), LIMIT)
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.rot90(GREY, -1))
    assert np.array_equal(photo.pixels, np.rot90(RGB, -1))


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    exif = camera_exif()
    exif[BASE.Orientation] = orientation
    photo = decode(encoded(RGB, "PNG", exif=exif), LIMIT)
    assert np.array_equal(photo.pixels, RGB)


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_exif_is_kept_and_says_upright(source: str, format: OutputFormat) -> None:
    photo = decode(encoded(RGB, source, exif=camera_exif(orientation=6)), LIMIT)
    exif = exif_of(encode(photo, format))
    assert exif[BASE.Make] == "Kodak"
    assert exif.get_ifd(CAMERA)[BASE.DateTimeOriginal] == "1936:05:01 12:00:00"
    assert exif.get_ifd(PLACE)[ExifTags.GPS.GPSLatitudeRef] == "N"
    assert exif.get(BASE.Orientation, 1) == 1


def test_exif_longer_than_jpeg_allows_is_left_out() -> None:
    photo = decode(encoded(RGB, "PNG", exif=camera_exif(description="x" * 70_000)), LIMIT)
    assert not exif_of(encode(photo, "jpeg"))
    assert len(exif_of(encode(photo, "png"))[BASE.ImageDescription]) == 70_000


def test_without_exif_there_is_none() -> None:
    assert decode(encoded(RGB, "JPEG"), LIMIT).exif is None
    assert decode(encoded(RGB, "JPEG", exif=Image.Exif()), LIMIT).exif is None


@pytest.mark.parametrize(
    "block",
    [
        b"Exif\x00\x00",
        b"Exif\x00\x00garbage",
        b"Exif\x00\x00MM\x00*\xff\xff\xff\xff",
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + b"\xff" * 40,
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_broken_exif_block_costs_the_block_and_not_the_picture(format: str, block: bytes) -> None:
    data = encoded(RGB, format, exif=block)
    photo = decode(data, LIMIT)
    assert photo.pixels.shape == RGB.shape
    assert BASE.Make not in exif_of(encode(photo, "jpeg"))


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_an_rgb_profile_is_kept(source: str, format: OutputFormat) -> None:
    photo = decode(encoded(RGB, source, icc_profile=SRGB), LIMIT)
    assert photo.icc == SRGB
    assert profile_of(encode(photo, format)) == SRGB


@pytest.mark.parametrize("profile", [SRGB[:16] + b"GRAY" + SRGB[20:], b"short", b""])
def test_a_profile_that_is_not_for_rgb_is_dropped(profile: bytes) -> None:
    photo = decode(encoded(GREY, "PNG", icc_profile=profile), LIMIT)
    assert photo.icc is None
    assert profile_of(encode(photo, "png")) is None


@pytest.mark.parametrize("source", ["JPEG", "PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_dpi_is_kept(source: str, format: OutputFormat) -> None:
    photo = decode(encoded(RGB, source, dpi=(300, 600)), LIMIT)
    assert photo.dpi == pytest.approx((300, 600), rel=1e-3)
    assert decode(encode(photo, format), LIMIT).dpi == pytest.approx((300, 600), rel=1e-2)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_without_dpi_there_is_none(format: str) -> None:
    assert decode(encoded(RGB, format), LIMIT).dpi is None


@pytest.mark.parametrize("dpi", [(0, 300), (300, 0), (1e6, 300), (300, 4e6), (0.004, 0.004)])
def test_absurd_dpi_are_dropped(dpi: tuple[float, float]) -> None:
    assert decode(encoded(RGB, "TIFF", dpi=dpi), LIMIT).dpi is None


@pytest.mark.parametrize("format", ["jpeg", "png", "tiff"])
def test_the_largest_dpi_fits_every_format(format: OutputFormat) -> None:
    most = 65_535.0
    photo = decode(encoded(RGB, "TIFF", dpi=(most, most)), LIMIT)
    assert photo.dpi == (most, most)
    assert decode(encode(photo, format), LIMIT).dpi == pytest.approx((most, most), rel=1e-3)


@pytest.mark.parametrize("format", EVERY_FORMAT)
def test_a_photo_that_says_nothing_is_written_with_nothing(format: OutputFormat) -> None:
    photo = decode(encode(result(), format), LIMIT)
    assert (photo.exif, photo.icc, photo.dpi) == (None, None, None)
