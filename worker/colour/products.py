"""Products of matrices that keep to the thread that asks for them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from worker.colour.lightness import Plane

SMALL = 2**18
"""Multiplications up to which OpenBLAS starts no threads."""


def product(left: Plane, right: Plane, out: Plane | None = None) -> Plane:
    """Return left @ right, (n, m) of (n, k) and (k, m), in ``out`` if there is one.

    It is made of products that are small enough for BLAS to compute in the calling thread: its
    own threads would take cores from ours, and go on spinning afterwards.
    """
    (rows, inner), columns = left.shape, right.shape[1]
    result: NDArray[np.float32] = np.empty((rows, columns), np.float32) if out is None else out
    tall = max(1, SMALL // inner)
    for upper in _parts(rows, tall):
        for part in _parts(columns, max(1, tall // rows)):
            np.matmul(left[upper], right[:, part], out=result[upper, part])
    return result


def _parts(count: int, most: int) -> Iterator[slice]:
    return (slice(first, first + most) for first in range(0, count, most))
