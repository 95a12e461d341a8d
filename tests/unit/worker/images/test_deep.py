"""Files with 16 bits a channel: written by us, so read back by two libraries."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from core.formats import OutputFormat
from worker.images import Photo, decode, encode

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 65_536, (37, 53, 3)).astype(np.uint16)
ALPHA = RNG.integers(0, 65_536, (37, 53)).astype(np.uint16)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Kodak"
    return exif.tobytes()


@pytest.mark.parametrize("format", ["png", "tiff"])
@pytest.mark.parametrize("alpha", [None, ALPHA], ids=["opaque", "alpha"])
def test_every_level_comes_back(format: OutputFormat, alpha: np.ndarray | None) -> None:
    data = encode(Photo(PIXELS, alpha, format, icc=SRGB, dpi=(600, 300)), format)
    photo = decode(data, 10**6)
    assert np.array_equal(photo.pixels, PIXELS)
    assert (photo.alpha is None) == (alpha is None)
    assert alpha is None or np.array_equal(photo.alpha, alpha)  # type: ignore[arg-type]
    seen_by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert seen_by_opencv is not None
    assert np.array_equal(seen_by_opencv[..., 2::-1], PIXELS)


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_grey_becomes_three_equal_channels(format: OutputFormat) -> None:
    grey = PIXELS[..., 0]
    photo = decode(encode(Photo(grey, ALPHA, format), format), 10**6)
    assert np.array_equal(photo.pixels, np.dstack([grey] * 3))
    assert np.array_equal(photo.alpha, ALPHA)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_profile_and_resolution_are_kept(format: OutputFormat) -> None:
    photo = decode(encode(Photo(PIXELS, None, format, icc=SRGB, dpi=(600, 300)), format), 10**6)
    assert photo.icc == SRGB
    assert photo.dpi == pytest.approx((600, 300), abs=0.02)


def test_a_png_keeps_exif() -> None:
    data = encode(Photo(PIXELS, None, "png", exif=_exif()), "png")
    with Image.open(io.BytesIO(data)) as image:
        assert image.getexif()[0x010F] == "Kodak"


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_without_metadata_none_is_written(format: OutputFormat) -> None:
    photo = decode(encode(Photo(PIXELS, None, format), format), 10**6)
    assert (photo.icc, photo.dpi, photo.exif) == (None, None, None)
