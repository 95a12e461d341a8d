import math

import numpy as np
import pytest

from tests.unit.worker.colour.conftest import Kept
from worker.colour import Distribution, ambiguity, heat_map
from worker.colour.ambiguity import HOTTEST, entropy, spread

PALETTE = np.array([[-30, 0], [30, 0], [0, -30], [0, 30], [28, 0]], np.float32)
PRIOR = np.full(5, 0.2, np.float32)


def cells(*rows: list[float]) -> Distribution:
    """One row of cells."""
    return Distribution(np.array(rows, np.float32).T[:, None], PALETTE, PRIOR)


def test_the_spread_is_the_deviation_from_the_mean() -> None:
    found = spread(cells([1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0], [0, 0.5, 0, 0, 0.5]))
    assert found == pytest.approx(np.array([[0, 30, 1]]), abs=0.01)


def test_it_agrees_with_the_definition_on_photographs(kept: Kept) -> None:
    given = kept["coffee"]
    p = given.probabilities.astype(float)
    mean = np.einsum("qhw,qc->chw", p, given.palette)
    away = np.square(given.palette.T[:, :, None, None] - mean[:, None]).sum(axis=0)
    assert spread(given) == pytest.approx(np.sqrt((p * away).sum(axis=0)), abs=0.02)


def test_entropy_is_that_of_its_definition(kept: Kept) -> None:
    found = entropy(cells([1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0], [0.25, 0.25, 0.5, 0, 0]))
    assert found == pytest.approx(np.array([[0, 1, 1.5]]), abs=1e-5)
    p = kept["coffee"].probabilities.astype(float)
    expected = -(p * np.log2(p + 1e-30)).sum(axis=0)
    assert entropy(kept["coffee"]) == pytest.approx(expected, abs=1e-3)


def test_ambiguity_goes_from_one_colour_to_any() -> None:
    sure, any_ = [1.0, 0, 0, 0, 0], [0.2] * 5
    assert ambiguity(cells(sure, sure)) == 0
    assert ambiguity(cells(any_, any_)) == pytest.approx(1)
    assert 0 < ambiguity(cells(sure, any_)) < 1
    assert ambiguity(cells([0.5, 0.5, 0, 0, 0])) == 1
    alone = Distribution(np.ones((1, 2, 2), np.float32), PALETTE[:1], PRIOR[:1])
    assert ambiguity(alone) == 0


def test_photographs_are_told_apart(kept: Kept) -> None:
    values = [ambiguity(each) for each in kept.values()]
    assert 0.05 < min(values) < max(values) < 0.8
    assert max(values) > 1.2 * min(values)


def test_the_heat_map_gets_lighter_with_the_entropy() -> None:
    even = np.zeros((64, 1, 7), np.float32)
    for bits in range(7):
        even[: 2**bits, 0, bits] = 1 / 2**bits
    flat = np.full(64, 1 / 64, np.float32)
    found = heat_map(Distribution(even, np.zeros((64, 2), np.float32), flat), 40, 280)
    assert found.shape == (40, 280, 3)
    assert found.dtype == np.uint8
    light = found[20].astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light[20::40]) > 0).all()
    assert light[0] < 10


def test_the_heat_maps_scale_is_fixed_and_it_is_rgb() -> None:
    bins = math.ceil(2**HOTTEST)
    even = np.full((bins, 4, 4), 1 / bins, np.float32)
    wide = Distribution(even, np.zeros((bins, 2), np.float32), np.full(bins, 1 / bins, np.float32))
    red, green, blue = heat_map(wide, 8, 6)[4, 3].astype(int)
    assert red > 240
    assert green > 240
    assert blue < 200
    assert not heat_map(cells([1, 0, 0, 0, 0]), 5, 5)[..., :2].max() > 5
