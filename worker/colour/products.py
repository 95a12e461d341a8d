"""Products of matrices that keep to the thread that asks for them."""

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
    rows, columns = left.shape[0], right.shape[1]
    result: NDArray[np.float32] = np.empty((rows, columns), np.float32) if out is None else out
    most = max(1, SMALL // left.size)
    for first in range(0, columns, most):
        part = slice(first, first + most)
        np.matmul(left, right[:, part], out=result[:, part])
    return result
