"""L* by the source's profile, against the formulas of CIE 15 and against LittleCMS."""

import io
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from tests.support import profiles
from tests.support.images import encoded, tiff
from worker.colour import lightness
from worker.images import Photo, decode, encode
from worker.images.icc import read_profile, space_of, srgb_profile

LIMIT = 10**7
LEVELS = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
DEEP_LEVELS = np.linspace(0, 65_535, 4096).round().astype(np.uint16).reshape(16, 256)
RGB = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
ONE_IN_4096 = 100 / 4096
MADE_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DOT_GAIN = np.linspace(0, 1, 17) ** 1.75
SRGB_PARAMETERS = 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045


def lstar(y: NDArray[Any]) -> NDArray[Any]:
    """CIE 15:2004, 8.2.1."""
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3)


def measured(data: bytes) -> NDArray[np.float32]:
    photo = decode(data, LIMIT)
    return lightness(photo.pixels, photo.space).whole()


def with_profile(pixels: NDArray[Any], icc: bytes) -> bytes:
    """A TIFF: deep colour by ourselves, as Pillow cannot write it."""
    if pixels.dtype == np.uint16 and pixels.ndim == 3:
        return encode(Photo(pixels, None, "tiff", icc=icc), "tiff")
    return encoded(pixels, "TIFF", icc_profile=icc)


@pytest.mark.parametrize("levels", [LEVELS, DEEP_LEVELS], ids=["8 bits", "16 bits"])
@pytest.mark.parametrize("value", [1.0, 1.8, 2.19921875, 2.2])
def test_grey_of_a_gamma_is_exact(levels: NDArray[Any], value: float) -> None:
    exact = lstar((levels / np.iinfo(levels.dtype).max) ** (round(value * 256) / 256))
    found = measured(with_profile(levels, profiles.grey(profiles.gamma(value))))
    assert np.abs(found - exact).max() < 0.002 < ONE_IN_4096


@pytest.mark.parametrize("levels", [LEVELS, DEEP_LEVELS], ids=["8 bits", "16 bits"])
def test_grey_of_a_dot_gain_is_exact(levels: NDArray[Any]) -> None:
    share = levels / np.iinfo(levels.dtype).max
    exact = lstar(np.interp(share, np.linspace(0, 1, 17), DOT_GAIN))
    found = measured(with_profile(levels, profiles.grey(profiles.curve(DOT_GAIN))))
    # The profile itself has 16 bits.
    assert np.abs(found - exact).max() < 0.01 < ONE_IN_4096


def test_grey_whose_connection_space_is_lab_gives_l_itself() -> None:
    icc = profiles.grey(profiles.parametric(0, 1.0), b"Lab ")
    found = measured(with_profile(DEEP_LEVELS, icc))
    assert np.abs(found - DEEP_LEVELS / 655.35).max() < 0.002


@pytest.mark.parametrize("deep", [False, True])
def test_adobe_rgb_is_exact(deep: bool) -> None:
    pixels = RGB.astype(np.uint16) * 257 if deep else RGB
    icc = profiles.rgb(profiles.gamma(563 / 256), profiles.ADOBE_RGB)
    exact = lstar((RGB / 255) ** (563 / 256) @ profiles.ADOBE_RGB[1])
    assert np.abs(measured(with_profile(pixels, icc)) - exact).max() < 0.01 < ONE_IN_4096
    assert np.abs(measured(with_profile(pixels, icc)) - measured(encoded(RGB, "PNG"))).max() > 1


@pytest.mark.parametrize("deep", [False, True])
def test_channels_may_have_curves_of_their_own(deep: bool) -> None:
    pixels = RGB.astype(np.uint16) * 257 if deep else RGB
    exponents = 1.0, 2.0, 3.0
    icc = profiles.rgb([profiles.gamma(value) for value in exponents])
    exact = lstar((RGB / 255) ** exponents @ profiles.SRGB[1])
    assert np.abs(measured(with_profile(pixels, icc)) - exact).max() < 0.02 < ONE_IN_4096


def test_every_parametric_function_is_that_of_littlecms() -> None:
    functions = {
        0: (2.2,),
        1: (2.4, 1 / 1.1, 0.1 / 1.1),
        2: (2.0, 0.9, 0.0, 0.1),
        3: SRGB_PARAMETERS,
        4: (2.4, 0.93, 0.05, 0.08, 0.04, 0.01, 0.0),
    }
    for function, parameters in functions.items():
        icc = profiles.rgb(profiles.parametric(function, *parameters))
        by_us = measured(encoded(np.dstack([LEVELS] * 3), "PNG", icc_profile=icc))
        by_them = measured(encoded(by_littlecms(np.dstack([LEVELS] * 3), icc, "RGB"), "PNG"))
        # Half a level of sRGB is 0.21 of L* at most; LittleCMS makes level 0 black, come what may.
        assert np.abs(by_us - by_them)[:, 1:].max() < 0.25, function


def by_littlecms(pixels: NDArray[Any], icc: bytes, mode: str) -> NDArray[Any]:
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    image = Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(
        image, source, target, ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB"
    )
    assert converted is not None
    return np.asarray(converted)


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
@pytest.mark.parametrize("container", ["TIFF", "JPEG"])
def test_tables_give_what_they_say_to_8_bits(mode: str, container: str) -> None:
    channels = len(mode)
    pixels = np.dstack([LEVELS] * channels)
    space = mode.encode().ljust(4)
    image = Image.frombytes(mode, (256, 4), pixels.tobytes())
    out = io.BytesIO()
    lossless = {"quality": 100, "subsampling": 0} if container == "JPEG" else {}
    image.save(out, container, icc_profile=profiles.table(space, channels), **lossless)
    exact = LEVELS / 2.55 if mode == "RGB" else 100 - LEVELS / 2.55
    assert np.abs(measured(out.getvalue()) - exact).max() < (0.45 if container == "TIFF" else 1)
    assert decode(out.getvalue(), LIMIT).icc == srgb_profile()


def test_a_16_bit_scan_with_a_profile_of_tables_keeps_its_depth() -> None:
    deep = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
    data = with_profile(np.dstack([deep] * 3), profiles.table(b"RGB ", 3))
    photo = decode(data, LIMIT)
    assert photo.pixels.dtype == np.uint16
    assert photo.icc == srgb_profile()
    assert np.abs(measured(data) - deep / 655.35).max() < 0.005


def test_tables_say_the_same_to_16_bits_as_to_8() -> None:
    rng = np.random.default_rng(5)
    colours = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
    icc = profiles.table(b"RGB ", 3)
    deep = decode(with_profile(colours.astype(np.uint16) * 257, icc), LIMIT).pixels
    flat = decode(encoded(colours, "PNG", icc_profile=icc), LIMIT).pixels
    assert np.abs(deep / 257 - flat.astype(float)).max() < 1.5


def test_a_16_bit_scan_with_broken_tables_is_as_without_a_profile() -> None:
    pixels = np.dstack([DEEP_LEVELS] * 3)
    icc = bytearray(profiles.table(b"RGB ", 3))
    at = icc.index(b"mft1")
    icc[at : at + 4] = b"mftX"
    photo = decode(with_profile(pixels, bytes(icc)), LIMIT)
    assert np.array_equal(photo.pixels, pixels)
    assert photo.icc is None


def test_without_the_extra_it_becomes_8_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    pixels = np.dstack([DEEP_LEVELS] * 3)
    data = with_profile(pixels, profiles.table(b"RGB ", 3))
    photo = decode(data, LIMIT)
    assert photo.pixels.dtype == np.uint8
    assert np.abs(measured(data) - DEEP_LEVELS / 655.35).max() < 0.45


@pytest.mark.parametrize(
    "icc",
    [MADE_SRGB, srgb_profile(), profiles.rgb(profiles.parametric(3, *SRGB_PARAMETERS))],
    ids=["littlecms", "ours", "parametric"],
)
@pytest.mark.parametrize("pixels", [RGB, RGB[..., 0]])
def test_srgb_is_known_and_costs_nothing(icc: bytes, pixels: NDArray[Any]) -> None:
    photo = decode(encoded(pixels, "PNG", icc_profile=icc), LIMIT)
    assert photo.space is None
    assert photo.icc == icc
    assert np.array_equal(photo.pixels, pixels)


def test_a_gamma_of_2_2_is_not_srgb() -> None:
    photo = decode(encoded(RGB, "PNG", icc_profile=profiles.rgb(profiles.gamma(2.2))), LIMIT)
    assert photo.space is not None
    assert photo.icc == srgb_profile()


@pytest.mark.parametrize(
    ("pixels", "icc"),
    [
        (RGB, profiles.grey(profiles.gamma(2.2))),
        (RGB[..., 0], profiles.table(b"RGB ", 3)),
        (RGB[..., 0], profiles.table(b"CMYK", 4)),
        (RGB, profiles.profile(b"Lab ", {b"wtpt": b""})),
        (RGB, profiles.rgb(profiles.curve([1, 0]))),
        (RGB, profiles.rgb(b"curv\0\0\0\0\0\0\xff\xff")),
        (RGB, profiles.rgb(b"what")),
        (RGB, profiles.rgb(profiles.parametric(4, 1.0))),
        (RGB, profiles.rgb(profiles.gamma(2), -profiles.SRGB / 4)),
        (RGB, profiles.profile(b"RGB ", {b"A2B0": b"mft1"})),
        (RGB, profiles.rgb(profiles.gamma(2))[:-40]),
        (RGB, profiles.rgb(profiles.gamma(2))[:100]),
        (RGB, b"no profile"),
    ],
)
def test_a_profile_of_no_use_is_as_none(pixels: NDArray[Any], icc: bytes) -> None:
    photo = decode(encoded(pixels, "PNG", icc_profile=icc), LIMIT)
    assert (photo.space, photo.icc) == (None, None)
    assert np.array_equal(photo.pixels, pixels)


@settings(deadline=None)
@given(st.data())
def test_no_damage_to_a_profile_is_an_error(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from(
            [
                profiles.rgb(profiles.parametric(3, *SRGB_PARAMETERS)),
                profiles.grey(profiles.curve(DOT_GAIN)),
                profiles.table(b"RGB ", 3),
            ]
        )
    )
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    pixels = RGB[:4, :4, 0] if whole[16:20] == b"GRAY" else RGB[:4, :4]
    photo = decode(tiff_with(pixels, bytes(damaged)), LIMIT)
    found = lightness(photo.pixels, photo.space).whole()
    assert np.isfinite(found).all()
    assert ((found > -0.1) & (found < 100.1)).all()


def tiff_with(pixels: NDArray[Any], icc: bytes) -> bytes:
    return encode(Photo(pixels, None, "tiff", icc=icc), "tiff")


def test_the_profile_of_results_is_always_the_same_bytes() -> None:
    assert srgb_profile()[24:36] == b"\x07\xd0\0\1\0\1\0\0\0\0\0\0"
    profile = read_profile(srgb_profile())
    assert profile is not None
    assert space_of(profile, np.dtype(np.uint16)) is None
    assert ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())).profile.xcolor_space == "RGB "


def test_plain_tiff_has_no_profile() -> None:
    photo = decode(tiff(RGB, 2), LIMIT)
    assert (photo.space, photo.icc) == (None, None)


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 21.0, 32_767.0, -32_765.6])
def test_a_curve_with_an_exponent_that_no_curve_has_is_as_no_profile(exponent: float) -> None:
    broken = profiles.rgb(profiles.parametric(3, exponent, *SRGB_PARAMETERS[1:]))
    photo = decode(tiff_with(RGB[:4, :4], broken), LIMIT)
    assert photo.space is None
