import numpy as np
import pytest

from tests.support.images import at_depth
from worker.colour.lightness import LUMINANCE, Pixels, Space, lightness, srgb


def _reference(rgb: np.ndarray) -> np.ndarray:
    level = rgb / np.iinfo(rgb.dtype).max
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    y = linear @ LUMINANCE[0].astype(float)
    return np.asarray(np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27))


@pytest.mark.parametrize(("depth", "allowed"), [(8, 2.5e-3), (16, 1e-3)])
def test_colour_agrees_with_the_definition(depth: int, allowed: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**depth, (700, 500, 3))
    values[:100] //= 30
    rgb = at_depth(values, depth)
    assert np.abs(lightness(rgb).whole() - _reference(rgb)).max() < allowed


@pytest.mark.parametrize(("depth", "allowed"), [(8, 2.5e-3), (16, 1e-3)])
def test_grey_and_the_same_grey_in_three_channels_agree(depth: int, allowed: float) -> None:
    grey = at_depth(np.arange(2**depth).reshape(16, -1), depth)
    difference = lightness(grey).whole() - lightness(at_depth(np.dstack([grey] * 3), depth)).whole()
    assert np.abs(difference).max() < allowed


def test_black_is_0_and_white_is_100() -> None:
    assert lightness(np.array([[0, 255]], np.uint8)).whole() == pytest.approx(np.array([[0, 100]]))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_more_light_than_white_is_white_and_less_than_none_black(dtype: type) -> None:
    # As ACES AP0 has it, whose blue is no colour that anybody sees.
    space = Space(srgb(np.dtype(dtype)).linear, np.array([[0.34, 0.73, -0.07]], np.float32))
    most = np.iinfo(dtype).max
    colours: Pixels = np.array([[[most, most, 0], [0, 0, most], [most, most, most]]], dtype)
    found = lightness(colours, space).whole()
    assert found == pytest.approx(np.array([[100, 0, 100]]), abs=1e-2)
