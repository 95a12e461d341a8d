import io

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import BrokenImage
from tests.support.images import encoded, gradient
from worker.images import Photo, decode, encode
from worker.images.jpeg import decode_jpeg

RGB = np.dstack([gradient(40, 60, seed=seed) for seed in range(3)])


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
@pytest.mark.parametrize("pixels", [RGB, RGB[..., 0]], ids=["colour", "grey"])
def test_pixels_are_those_that_pillow_reads(pixels: np.ndarray, options: dict[str, int]) -> None:
    data = encoded(pixels, "JPEG", quality=80, **options)
    assert np.array_equal(decode(data, 10**6).pixels, np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("cut", [1, 2, 50, 100])
@pytest.mark.parametrize("pixels", [RGB, RGB[..., 0]], ids=["colour", "grey"])
def test_a_file_cut_short_is_broken(pixels: np.ndarray, cut: int) -> None:
    with pytest.raises(BrokenImage, match="cut short or damaged"):
        decode(encoded(pixels)[:-cut], 10**6)


@pytest.mark.parametrize("marker", [0xC0, 0xD8, 0xDA, 0x41])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_marker_among_the_coded_data_is_damage(marker: int, progressive: bool) -> None:
    large = np.kron(RGB, np.ones((5, 5, 1), np.uint8))
    data = bytearray(encoded(large, progressive=progressive))
    middle = data.rfind(b"\xff\xda") + (len(data) - data.rfind(b"\xff\xda")) // 2
    data[middle : middle + 2] = bytes((0xFF, marker))
    with pytest.raises(BrokenImage, match="cut short or damaged"):
        decode(bytes(data), 10**6)


@pytest.mark.parametrize("tail", [b"", b"trailing bytes", b"\xff\xc0\xff"])
def test_what_follows_the_end_does_not_matter(tail: bytes) -> None:
    assert decode(encoded(RGB) + tail, 10**6).pixels.shape == RGB.shape


def test_restart_markers_are_no_damage() -> None:
    _, data = cv2.imencode(".jpg", RGB, [cv2.IMWRITE_JPEG_RST_INTERVAL, 1])
    assert b"\xff\xd3" in data.tobytes()
    assert decode(data.tobytes(), 10**6).pixels.shape == RGB.shape


def test_a_size_that_is_not_that_of_the_header_is_refused() -> None:
    with pytest.raises(BrokenImage, match="contradicts itself"):
        decode_jpeg(encoded(RGB), grey=False, height=40, width=61)


@pytest.mark.parametrize("size", [100, 65_519, 65_520, 200_000])
def test_a_profile_of_any_length_is_kept_whole(size: int) -> None:
    profile = np.random.default_rng(0).bytes(size)
    data = encode(Photo(RGB, None, "jpeg", icc=profile), "jpeg")
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["icc_profile"] == profile


def test_a_profile_of_absurd_length_is_dropped() -> None:
    profile = bytearray(5_000_000)
    profile[16:20] = b"RGB "
    data = encoded(RGB, "TIFF", icc_profile=bytes(profile))
    assert decode(data, 10**6).icc is None


def test_exif_of_the_longest_kind_is_kept() -> None:
    for size, kept in ((65_527, True), (65_528, False)):
        exif = bytes(size)
        data = encode(Photo(RGB, None, "jpeg", exif=exif), "jpeg")
        assert (exif[:100] in data) is kept


def test_encoding_leaves_the_pixels_as_they_were() -> None:
    pixels = RGB.copy()
    encode(Photo(pixels, None, "jpeg"), "jpeg")
    encode(Photo(pixels, None, "png"), "png")
    assert np.array_equal(pixels, RGB)


@pytest.mark.parametrize("format", ["jpeg", "png"])
def test_pixels_that_cannot_be_written_to_can_be_encoded(format: str) -> None:
    pixels = RGB.copy()
    pixels.flags.writeable = False
    turned = RGB.transpose(1, 0, 2)
    for given in (pixels, turned):
        data = encode(Photo(given, None, "jpeg"), "jpeg" if format == "jpeg" else "png", 100)
        assert np.abs(decode(data, 10**6).pixels.astype(int) - given).mean() < 4
