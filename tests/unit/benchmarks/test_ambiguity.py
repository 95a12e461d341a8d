import numpy as np
import pytest

from benchmarks.ambiguity import Measured, distance, grouped, merged_entropy, spearman
from worker.colour import Distribution
from worker.colour.ambiguity import entropy

PALETTE = np.array([[0, 0], [4, 0], [0, 60], [90, 0]], np.float32)


def one_cell(*p: float) -> Distribution:
    return Distribution(np.array(p, np.float32).reshape(-1, 1, 1), PALETTE, np.ones(4, np.float32))


def test_spearman_looks_at_ranks_only() -> None:
    x = np.arange(20.0)
    assert spearman(x, np.exp(x)) == pytest.approx(1)
    assert spearman(x, -(x**3)) == pytest.approx(-1)
    assert spearman(np.array([1.0, 2, 3, 4]), np.array([2.0, 1, 4, 3])) == pytest.approx(0.6)


def test_entropy_counts_neighbours_and_that_of_squares_does_not() -> None:
    near, far = one_cell(0.5, 0.5, 0, 0), one_cell(0.5, 0, 0.5, 0)
    assert entropy(near) == pytest.approx(1, abs=1e-6)
    assert entropy(far) == pytest.approx(1, abs=1e-6)
    assert merged_entropy(near) == pytest.approx(0, abs=1e-6)
    assert merged_entropy(far) == pytest.approx(1, abs=1e-6)


def test_distance_is_that_from_the_mean() -> None:
    assert distance(one_cell(0.5, 0, 0.5, 0)) == pytest.approx(30)


def test_fifths_go_from_sure_to_unsure() -> None:
    rows = [
        Measured(str(n), {"ambiguity": n / 10}, n, 2 * n) for n in (9, 0, 3, 1, 8, 2, 5, 4, 7, 6)
    ]
    found = grouped(rows)
    assert [row["up_to"] for row in found] == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert [row["delta_e"] for row in found] == [0.5, 2.5, 4.5, 6.5, 8.5]
    assert found[0]["ab_rmse"] == 1
