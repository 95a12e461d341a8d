import numpy as np
import pytest

from tests.support.standin import palette
from training.bins import SoftEncoder, prior_of, rebalancing_weights


@pytest.fixture(scope="module")
def encoder() -> SoftEncoder:
    return SoftEncoder(palette())


def test_weights_are_a_distribution_over_the_five_nearest_bins(encoder: SoftEncoder) -> None:
    ab = np.array([[0, 0], [13, -27], [-110, 110]], np.int16)
    bins, weights = encoder.encode(ab)
    assert bins.shape == weights.shape == (3, 5)
    assert weights.sum(axis=-1) == pytest.approx(np.ones(3))
    distance = np.linalg.norm(palette()[None] - ab[:, None], axis=-1)
    for row in range(3):
        assert distance[row, bins[row]].max() <= np.sort(distance[row])[4]


def test_the_weights_are_the_papers_gaussian(encoder: SoftEncoder) -> None:
    bins, weights = encoder.encode(np.array([3, 0], np.int16))
    points = palette()[bins]
    gaussian = np.exp(-((points - [3, 0]) ** 2).sum(axis=1) / (2 * 5.0**2))
    assert weights == pytest.approx(gaussian / gaussian.sum(), abs=1e-6)


def test_the_mean_of_the_bins_is_near_the_colour(encoder: SoftEncoder) -> None:
    ab = np.random.default_rng(0).integers(-60, 61, (200, 2)).astype(np.int16)
    bins, weights = encoder.encode(ab)
    mean = (palette()[bins] * weights[..., None]).sum(axis=1)
    assert np.abs(mean - ab).max() < 4


def test_values_outside_the_plane_are_taken_to_its_edge(encoder: SoftEncoder) -> None:
    outside, edge = (encoder.encode(np.array([v, 0], np.int16)) for v in (500, 110))
    assert np.array_equal(outside[0], edge[0])


def test_rare_bins_weigh_more_and_the_mean_weight_is_one() -> None:
    prior = np.array([0.7, 0.2, 0.1], np.float32)
    weights = rebalancing_weights(prior, 1.0)
    expected = 1 / (0.5 * prior + 0.5 / 3)
    assert weights / weights[0] == pytest.approx(expected / expected[0])
    assert (prior * weights).sum() == pytest.approx(1)


def test_strength_0_is_no_rebalancing() -> None:
    weights = rebalancing_weights(np.array([0.9, 0.1], np.float32), 0.0)
    assert weights == pytest.approx([1, 1])


def test_the_prior_is_how_often_each_bin_occurs(encoder: SoftEncoder) -> None:
    colours = np.zeros((2, 10, 2), np.int16)
    colours[1] = (50, 50)
    prior = prior_of(colours, encoder)
    assert prior.sum() == pytest.approx(1)
    mean = (prior[:, None] * palette()).sum(axis=0)
    assert mean == pytest.approx([25, 25], abs=0.5)
