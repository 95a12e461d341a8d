import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from worker.colour.compose import compose
from worker.colour.gamut import Clipped, within_srgb
from worker.colour.levels import Quantizer
from worker.colour.lightness import Lightness, Pixels, lightness


def colours(count: int = 200_000, spread: float = 60) -> NDArray[np.float32]:
    rng = np.random.default_rng(1)
    light = rng.random((count, 1)) * 100
    return np.hstack((light, rng.normal(size=(count, 2)) * spread)).astype(np.float32)


def rgb_of(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(lab[None], cv2.COLOR_LAB2RGB)[0], np.float32)


def test_lightness_and_hue_of_any_colour_stay() -> None:
    wild = colours()
    tamed = within_srgb(wild)
    levels = np.rint(rgb_of(tamed) * 65_535).astype(np.uint16)[None]
    assert np.abs(lightness(levels).whole()[0] - wild[:, 0]).max() < 100 / 4096
    assert np.array_equal(tamed[:, 0], wild[:, 0])
    cross = tamed[:, 1] * wild[:, 2] - tamed[:, 2] * wild[:, 1]
    assert np.abs(cross).max() < 1e-2
    assert (tamed[:, 1:] * wild[:, 1:] >= 0).all()


@pytest.mark.parametrize("factor", [1.5, 3])
def test_colours_beyond_srgb_get_nearly_all_that_it_has(factor: float) -> None:
    pure = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1], [1, 0, 1], [0.5, 0, 0], [0, 0.3, 0.3]]
    edge = cv2.cvtColor(np.array([pure], np.float32), cv2.COLOR_RGB2LAB)[0]
    beyond = edge * np.array([1, factor, factor], np.float32)
    gained = np.hypot(*within_srgb(beyond).T[1:]) / np.hypot(*edge.T[1:])
    assert (gained > 0.97).all()
    assert (gained < 1.005).all()


def test_black_and_white_stay_what_they_are() -> None:
    ends = np.array([[0, 30, 30], [100, -20, 40], [0, 0, 0]], np.float32)
    assert np.allclose(rgb_of(within_srgb(ends)), [[0] * 3, [1] * 3, [0] * 3], atol=1e-4)


@pytest.mark.parametrize("count", [1, 3, 32_766, 32_767, 70_000])
def test_any_number_of_colours_comes_back_in_order(count: int) -> None:
    some = colours(70_000)
    # The last few of a row are computed without SIMD.
    assert np.allclose(within_srgb(some[:count]), within_srgb(some)[:count], atol=1e-3)


def right_inside() -> NDArray[np.float32]:
    """A yellow with next to no blue light."""
    yellows = np.full((1, 100_000, 3), (90, -20, 0), np.float32)
    yellows[..., 2] = np.linspace(80, 100, 100_000)
    blue = cv2.cvtColor(yellows, cv2.COLOR_LAB2LRGB)[0, :, 2]
    found = np.flatnonzero((blue > 1e-7) & (blue < 1e-5))
    return np.asarray(yellows[0, found[0]], np.float32)


@pytest.mark.parametrize(("kind", "highest"), [(np.uint8, 255), (np.uint16, 65_535)])
def test_pixels_that_were_clipped_are_changed_and_no_others(kind: type, highest: int) -> None:
    lab = np.full((3, 4, 3), (50, 0, 0), np.float32)
    lab[0, 1], lab[1, 3] = (50, 120, 0), (90, 60, -60)
    nearly_black = (1e-4, 0, 0)
    lab[2, 0], lab[2, 1] = nearly_black, right_inside()
    after: Pixels = np.empty(lab.shape, kind)
    values = Quantizer(3, 4, 8 * after.itemsize).write(lab, after)
    before = after.copy()
    clipped = Clipped(after)
    clipped.add(0, lab, values)
    clipped.mend()
    assert np.argwhere((before != after).any(axis=2)).tolist() == [[0, 1], [1, 3]]
    tamed = within_srgb(lab[[0, 1], [1, 3]])
    assert np.abs(after[[0, 1], [1, 3]] - rgb_of(tamed) * highest).max() <= 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_what_is_mended_together_makes_no_difference(kind: type) -> None:
    rng = np.random.default_rng(2)
    lab = colours(60_000)
    # Right at the edge of sRGB, where the last bit decides.
    lab[::2] = within_srgb(lab[::2])
    lab = lab[rng.permutation(len(lab))][None]
    plain: Pixels = np.empty(lab.shape, kind)
    values = Quantizer(1, lab.shape[1], 8 * plain.itemsize).write(lab, plain)

    def mended(cuts: list[int]) -> Pixels:
        pixels = plain.reshape(-1, 1, 3).copy()
        for part in itertools.pairwise((0, *cuts, len(pixels))):
            clipped, rows = Clipped(pixels), slice(*part)
            clipped.add(rows.start, lab[0, rows, None], values[0, rows, None])
            clipped.mend()
        return pixels

    once = mended([])
    assert (once != plain.reshape(once.shape)).any()
    for _ in range(5):
        cuts = np.unique(rng.integers(1, lab.shape[1], 40)).tolist()
        assert np.array_equal(mended(cuts), once)


@pytest.mark.parametrize(("depth", "allowed"), [(8, 0.27), (16, 100 / 4096)])
@pytest.mark.parametrize("chroma", [10, 40, 90])
def test_a_composed_image_has_its_sources_lightness(
    depth: int, allowed: float, chroma: float
) -> None:
    rng = np.random.default_rng(3)
    plane = (rng.random((300, 400)) * 100).astype(np.float32)
    ab = (rng.normal(size=(2, 14, 14)) * chroma).astype(np.float32)
    off = lightness(compose(Lightness(plane, None, depth), ab)).whole() - plane
    assert np.abs(off).max() < allowed


def test_a_colour_that_srgb_has_is_not_touched() -> None:
    lab = colours(100_000, 25).reshape(250, 400, 3)
    plain = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    kept = (plain.min(axis=2) > 1e-6) & (plain.max(axis=2) < 1 - 1e-6)
    assert 0.3 < kept.mean() < 0.9
    ab = np.ascontiguousarray(lab[..., 1:].transpose(2, 0, 1))
    found = compose(Lightness(np.ascontiguousarray(lab[..., 0]), None, 8), ab).astype(int)
    assert np.abs(found - np.rint(plain * 255))[kept].max() <= 1
