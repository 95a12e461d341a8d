from math import nan

import cv2
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000

from tests.support.standin import palette as bins
from worker.colour.decode import annealed_mean
from worker.colour.hints import Hint, apply_hints
from worker.colour.network import Array

PALETTE = bins().astype(np.float32)
BLUE, RED, GREEN = (10.0, -45.0), (50.0, 30.0), (-40.0, 35.0)
CELLS = 56
SIDE = 4 * CELLS


def opinions(height: int = CELLS, width: int = CELLS) -> Array:
    """What a network says of a picture it does not know: greyish, a little different everywhere."""
    rng = np.random.default_rng(0)
    centre = rng.normal(0, 3, (2, height, width)).astype(np.float32)
    away = ((PALETTE[:, :, None, None] - centre) ** 2).sum(axis=1)
    weights = np.exp(-away / (2 * 15**2))
    return np.asarray(weights / weights.sum(axis=0), np.float32)


def colour(probabilities: Array) -> Array:
    return annealed_mean(probabilities, PALETTE, 1.0)


def difference(lightness: Array, found: Array, expected: Array) -> Array:
    """CIEDE2000 of every cell."""
    light = cv2.resize(lightness, found.shape[:0:-1], interpolation=cv2.INTER_AREA)
    return np.asarray(
        deltaE_ciede2000(
            np.dstack((light, *found)),
            np.dstack((light, *np.broadcast_to(expected, found.shape))),
        ),
        np.float32,
    )


def check(
    lightness: Array, hints: list[Hint], hinted: dict[tuple[float, float], np.ndarray], taken: float
) -> None:
    """Each region takes its hint's colour, and all that is in none stays."""
    before = opinions()
    after = apply_hints(before, PALETTE, lightness, hints)
    assert after.sum(axis=0) == pytest.approx(1, abs=1e-4)
    rest = ~np.logical_or.reduce(list(hinted.values()))
    assert difference(lightness, colour(after), colour(before))[rest].mean() < 1
    for ab, region in hinted.items():
        target = np.array(ab).reshape(2, 1, 1)
        assert difference(lightness, colour(after), target)[region].mean() < taken


def grid(*box: float) -> np.ndarray:
    """The cells of a box of left, top, right and bottom."""
    cells = np.zeros((CELLS, CELLS), bool)
    left, top, right, bottom = (round(side * CELLS) for side in box)
    cells[top:bottom, left:right] = True
    return cells


def picture(ground: float, *boxes: tuple[float, float, float, float], light: float) -> Array:
    lightness = np.full((SIDE, SIDE), ground, np.float32)
    for box in boxes:
        lightness[np.kron(grid(*box), np.ones((4, 4), bool))] = light
    return lightness


def test_a_region_of_another_lightness_stays() -> None:
    left = (0, 0, 0.5, 1)
    lightness = picture(70, left, light=35)
    check(lightness, [Hint.point(0.2, 0.4, *BLUE)], {BLUE: grid(*left)}, taken=3)


def test_a_region_of_the_same_lightness_that_is_not_joined_stays() -> None:
    uniform, sky = (0.1, 0.1, 0.4, 0.9), (0.6, 0.1, 0.9, 0.9)
    lightness = picture(30, uniform, sky, light=60)
    check(lightness, [Hint.point(0.2, 0.3, *RED)], {RED: grid(*uniform)}, taken=3)


def test_a_thin_line_is_an_edge() -> None:
    lightness = np.full((SIDE, SIDE), 60, np.float32)
    lightness[:, SIDE // 2 : SIDE // 2 + 2] = 20
    check(lightness, [Hint.point(0.2, 0.3, *RED)], {RED: grid(0, 0, 0.5, 1)}, taken=3)


@pytest.mark.parametrize("x", [0.25, 0.75])
def test_a_texture_is_told_from_a_smooth_place_of_its_lightness(x: float) -> None:
    lightness = np.full((SIDE, SIDE), 55, np.float32)
    grain = np.random.default_rng(1).normal(0, 14, (SIDE, SIDE // 2))
    lightness[:, : SIDE // 2] = np.clip(lightness[:, : SIDE // 2] + grain, 0, 100)
    region = grid(0, 0, 0.5, 1) if x < 0.5 else grid(0.5, 0, 1, 1)
    check(lightness, [Hint.point(x, 0.5, *GREEN)], {GREEN: region}, taken=5)


def test_a_gradual_change_of_light_is_no_edge() -> None:
    lightness = np.repeat(np.linspace(50, 75, SIDE, dtype=np.float32)[:, None], SIDE, 1)
    after = colour(apply_hints(opinions(), PALETTE, lightness, [Hint.point(0.5, 0.3, *BLUE)]))
    assert (after[1] < BLUE[1] / 2).mean() > 0.9


def test_chroma_follows_the_light_on_a_surface() -> None:
    lightness = np.repeat(np.linspace(45, 65, SIDE, dtype=np.float32)[:, None], SIDE, 1)
    after = colour(apply_hints(opinions(), PALETTE, lightness, [Hint.point(0.5, 0.5, *BLUE)]))
    chroma = np.hypot(*after)
    assert chroma[38].mean() > 1.05 * chroma[18].mean()


def test_several_hints_each_colour_their_own() -> None:
    boxes = ((0.05, 0.05, 0.4, 0.4), (0.6, 0.05, 0.95, 0.4), (0.05, 0.6, 0.95, 0.95))
    lightness = picture(20, *boxes, light=60)
    colours = (BLUE, RED, GREEN)
    hints = [
        Hint.point((left + right) / 2, (top + bottom) / 2, *ab)
        for (left, top, right, bottom), ab in zip(boxes, colours, strict=True)
    ]
    check(lightness, hints, {ab: grid(*b) for ab, b in zip(colours, boxes, strict=True)}, taken=3)


def test_the_nearer_of_two_hints_in_one_region_counts_more() -> None:
    lightness = np.full((SIDE, SIDE), 60, np.float32)
    hints = [Hint.point(0.2, 0.5, *BLUE), Hint.point(0.8, 0.5, *RED)]
    after = colour(apply_hints(opinions(), PALETTE, lightness, hints))
    for ab, columns in ((BLUE, slice(0, 22)), (RED, slice(34, 56))):
        target = np.array(ab).reshape(2, 1, 1)
        assert difference(lightness, after, target)[:, columns].mean() < 4


def test_hints_that_contradict_each_other_give_what_lies_between() -> None:
    lightness = np.full((SIDE, SIDE), 60, np.float32)
    both = [Hint.point(0.5, 0.5, *BLUE), Hint.point(0.5, 0.5, *RED)]
    after = colour(apply_hints(opinions(), PALETTE, lightness, both))
    assert after[:, 28, 28] == pytest.approx(np.mean([BLUE, RED], axis=0), abs=2)
    assert np.array_equal(
        after, colour(apply_hints(opinions(), PALETTE, lightness, both[::-1]))
    ) or after == pytest.approx(
        colour(apply_hints(opinions(), PALETTE, lightness, both[::-1])), abs=1e-3
    )


@pytest.mark.parametrize("x", [-0.5, 1.5])
def test_a_hint_outside_the_image_says_nothing(x: float) -> None:
    lightness = np.full((SIDE, SIDE), 60, np.float32)
    before = opinions()
    assert np.array_equal(
        apply_hints(before, PALETTE, lightness, [Hint.point(x, 0.5, *RED)]), before
    )


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (1.0, 1.0), (1.01, 0.5), (0.5, -0.01)])
def test_a_hint_at_the_border_is_heard(x: float, y: float) -> None:
    lightness = np.full((SIDE, SIDE), 60, np.float32)
    after = colour(apply_hints(opinions(), PALETTE, lightness, [Hint.point(x, y, *RED)]))
    row, column = (min(int(max(side, 0) * CELLS), CELLS - 1) for side in (y, x))
    assert after[:, row, column] == pytest.approx(RED, abs=3)


def test_a_box_counts_like_a_point() -> None:
    left = (0.0, 0.0, 0.5, 1.0)
    lightness = picture(70, left, light=35)
    check(lightness, [Hint(0.1, 0.2, 0.4, 0.8, *BLUE)], {BLUE: grid(*left)}, taken=3)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (28, 84), (112, 60)])
def test_any_grid_and_a_hundred_hints(height: int, width: int) -> None:
    rng = np.random.default_rng(2)
    lightness = rng.uniform(0, 100, (height * 4, width * 4)).astype(np.float32)
    hints = [Hint.point(*rng.uniform(-0.2, 1.2, 2), *rng.uniform(-60, 60, 2)) for _ in range(100)]
    before = opinions(height, width)
    kept = before.copy()
    after = apply_hints(before, PALETTE, lightness, hints)
    assert after.shape == before.shape
    assert after.dtype == np.float32
    assert after.min() >= 0
    assert after.sum(axis=0) == pytest.approx(1, abs=1e-3)
    assert np.array_equal(before, kept)


def test_no_hints_change_nothing() -> None:
    before = opinions()
    assert np.array_equal(
        apply_hints(before, PALETTE, np.full((SIDE, SIDE), 50, np.float32), []), before
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0.5, 0, 0.4, 1, 0, 0), "left <= right"),
        ((0, 0.5, 1, 0.4, 0, 0), "top <= bottom"),
        ((nan, 0, 1, 1, 0, 0), "finite"),
        ((0, 0, 1, 1, 0, float("inf")), "finite"),
    ],
)
def test_what_is_no_hint_is_refused(values: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Hint(*values)
