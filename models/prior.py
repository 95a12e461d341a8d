"""How often each colour occurs in photographs: what vividness weighs against."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.catalogue import BUNDLED, NETWORKS

PRIOR = NETWORKS.parent / "prior.npy"
"""Counted over the training photographs: docs/models/tint-small.md."""


def prior_over(palette: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the distribution over the bins of a palette, (bins,), for ``palette`` (bins, 2).

    It is known for the 313 bins of Zhang et al.; each of them counts for the nearest bin here.
    """
    known, prior = _known()
    squared = ((known[:, None, :] - palette[None]) ** 2).sum(axis=2)
    return np.bincount(squared.argmin(axis=1), prior, len(palette)).astype(np.float32)


@cache
def _known() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    palette = np.load(NETWORKS / BUNDLED / "palette.npy").astype(np.float32)
    return palette, np.load(PRIOR)
