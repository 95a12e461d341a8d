import cv2
import numpy as np
import pytest

from tests.support.images import at_depth, gradient, srgb_of
from worker.colour.compose import Upsample, compose
from worker.colour.guided import linear_models
from worker.colour.lightness import Lightness, Plane, lightness
from worker.colour.shrink import resized

LEFT, RIGHT = (45.0, (35.0, 25.0)), (65.0, (-10.0, -30.0))
HEIGHT, WIDTH, CELLS = 240, 480, 40


def source_of(light: Plane) -> Lightness:
    return Lightness(light.astype(np.float32), None, 16)


def step(edge: int) -> tuple[Lightness, Plane]:
    """A picture of two sides that meet at a column, and its true ab, (2, h, w)."""
    sides = np.arange(WIDTH) < edge
    light = np.where(sides, LEFT[0], RIGHT[0])
    ab = [np.where(sides, LEFT[1][c], RIGHT[1][c]) for c in (0, 1)]
    return source_of(np.tile(light, (HEIGHT, 1))), np.array(
        [np.tile(each, (HEIGHT, 1)) for each in ab], np.float32
    )


def in_cells(ab: Plane, height: int = CELLS // 2, width: int = CELLS) -> Plane:
    return np.array(
        [cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in ab],
        np.float32,
    )


def error(source: Lightness, truth: Plane, small: Plane, upsample: Upsample) -> Plane:
    """How far ab of the composed picture is from the truth, (h, w)."""
    rgb = compose(source, small, upsample=upsample).astype(np.float32) / np.float32(65_535)
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)
    return np.asarray(np.hypot(*(lab[..., 1:].transpose(2, 0, 1) - truth)), np.float32)


@pytest.mark.parametrize("edge", [240, 243, 246, 250])
def test_colour_bleeds_less_far_over_an_edge(edge: int) -> None:
    source, truth = step(edge)
    small = in_cells(truth)
    wrong = {
        upsample: (error(source, truth, small, upsample).mean(axis=0) > 5).sum()
        for upsample in ("bicubic", "guided")
    }
    assert wrong["bicubic"] >= 8
    assert wrong["guided"] <= wrong["bicubic"] / 2


def test_away_from_the_edge_nothing_rings() -> None:
    source, truth = step(243)
    wrong = error(source, truth, in_cells(truth), "guided").mean(axis=0)
    assert wrong[:200].max() < 1
    assert wrong[290:].max() < 1


def test_without_edges_it_is_bicubic() -> None:
    rng = np.random.default_rng(0)
    ab = (rng.normal(size=(2, 14, 14)) * 20).astype(np.float32)
    source = source_of(np.full((100, 130), 55))
    difference = compose(source, ab, upsample="guided").astype(int) - compose(source, ab)
    assert np.abs(difference).max() <= 2


def test_lightness_that_colour_does_not_follow_changes_nothing() -> None:
    source = source_of(np.tile(np.linspace(20, 80, 130), (100, 1)))
    ab = np.full((2, 14, 14), 12, np.float32)
    difference = compose(source, ab, upsample="guided").astype(int) - compose(source, ab)
    assert np.abs(difference).max() <= 16


def test_texture_within_the_cells_hardly_moves_colour() -> None:
    """Colour changes from cell to cell, lightness mostly within them."""
    rng = np.random.default_rng(0)
    light = (55 + rng.normal(0, 12, (320, 320))).astype(np.float32)
    ab = (rng.normal(size=(2, 20, 20)) * 15).astype(np.float32)
    slopes, _ = linear_models(source_of(light), ab)
    coarse = np.asarray(cv2.resize(light, (20, 20), interpolation=cv2.INTER_AREA))
    assert np.abs(slopes).mean() < 0.5 * 15 / coarse.std()


def test_the_mean_of_every_cell_stays() -> None:
    source = lightness(gradient(240, 240))
    ab = (np.random.default_rng(0).normal(size=(2, 20, 20)) * 15).astype(np.float32)
    slopes, offsets = linear_models(source, ab)
    assert slopes * resized(source, 20, 20) + offsets == pytest.approx(ab, abs=0.01)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 700), (40, 9), (1200, 900)])
@pytest.mark.parametrize("depth", [8, 16])
def test_any_size_and_depth(height: int, width: int, depth: int) -> None:
    peak = 2**depth - 1
    rng = np.random.default_rng(1)
    pixels = at_depth(rng.integers(0, peak + 1, (height, width)), depth)
    ab = (rng.normal(size=(2, 14, 21)) * 25).astype(np.float32)
    rgb = compose(lightness(pixels), ab, upsample="guided")
    assert rgb.shape == (height, width, 3)
    assert rgb.dtype == pixels.dtype


def test_bands_give_what_the_whole_image_gives() -> None:
    rng = np.random.default_rng(1)
    light = cv2.GaussianBlur(rng.uniform(0, 100, (900, 700)).astype(np.float32), (0, 0), 3)
    ab = (rng.normal(size=(2, 14, 14)) * 20).astype(np.float32)
    source = Lightness(np.asarray(light, np.float32), None, 8)
    slopes, offsets = (
        [cv2.resize(each, (700, 900), interpolation=cv2.INTER_CUBIC) for each in part]
        for part in linear_models(source, ab)
    )
    whole = [slope * light + offset for slope, offset in zip(slopes, offsets, strict=True)]
    expected = np.rint(srgb_of(np.dstack((light, *whole)).astype(np.float32)) * 255)
    difference = np.abs(compose(source, ab, upsample="guided") - expected)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01
