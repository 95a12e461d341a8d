import numpy as np
import pytest

from worker.colour.products import SMALL, product


@pytest.mark.parametrize(
    ("rows", "inner", "columns"), [(1, 1, 1), (32, 5, 4000), (113, 12, 1155), (313, 96, 900)]
)
def test_a_product_in_parts_is_the_product(rows: int, inner: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    left = rng.random((rows, inner), np.float32)
    right = rng.random((inner, columns), np.float32)
    assert np.allclose(product(left, right), left @ right, rtol=1e-5)


def test_one_that_is_too_large_for_parts_is_computed_all_the_same() -> None:
    left, right = np.ones((SMALL, 2), np.float32), np.ones((2, 3), np.float32)
    assert (product(left, right) == 2).all()


def test_it_is_written_where_it_belongs() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.random((30, 4), np.float32), rng.random((9, 5000), np.float32)
    out = np.zeros((32, 5000), np.float32)
    assert np.shares_memory(product(left, right[2:6], out[1:-1]), out)
    assert np.allclose(out[1:-1], left @ right[2:6], rtol=1e-5)
    assert not out[[0, -1]].any()
