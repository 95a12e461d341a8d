import numpy as np
import pytest

from worker.colour.lightness import Plane
from worker.colour.products import SMALL, product


@pytest.mark.parametrize(
    ("rows", "inner", "columns"), [(1, 1, 1), (32, 5, 4000), (113, 12, 1155), (313, 96, 900)]
)
def test_a_product_in_parts_is_the_product(rows: int, inner: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    left = rng.random((rows, inner), np.float32)
    right = rng.random((inner, columns), np.float32)
    assert np.allclose(product(left, right), left @ right, rtol=1e-5)


@pytest.mark.parametrize(("rows", "inner"), [(SMALL, 2), (65_500, 56), (1310, 256), (1, 3)])
def test_no_part_is_so_large_that_blas_starts_threads(
    rows: int, inner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, sizes = np.matmul, []

    def matmul(left: Plane, right: Plane, out: Plane) -> None:
        sizes.append(left.size * right.shape[1])
        plain(left, right, out=out)

    monkeypatch.setattr(np, "matmul", matmul)
    left, right = np.ones((rows, inner), np.float32), np.ones((inner, 3), np.float32)
    assert (product(left, right) == inner).all()
    assert max(sizes) <= SMALL


def test_it_is_written_where_it_belongs() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.random((30, 4), np.float32), rng.random((9, 5000), np.float32)
    out = np.zeros((32, 5000), np.float32)
    assert np.shares_memory(product(left, right[2:6], out[1:-1]), out)
    assert np.allclose(out[1:-1], left @ right[2:6], rtol=1e-5)
    assert not out[[0, -1]].any()
