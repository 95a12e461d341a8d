"""From a distribution over colour bins to one colour."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
TINY = np.float32(1e-30)


def annealed_mean(
    probabilities: Array, palette: Array, temperature: float, bias: Array | None = None
) -> Array:
    """Return the annealed mean (Zhang et al. 2016, equation 5): (2, h, w) ab.

    ``probabilities`` is (bins, h, w), a softmax at temperature 1; ``palette`` is (bins, 2).
    ``temperature`` is in (0, 1]: 1 is the mean of the distribution, towards 0 its mode.
    ``bias``, (bins,), is added to the logits first; see ``rebalancing_bias``.
    """
    bins, height, width = probabilities.shape
    logits = np.log(np.maximum(probabilities.reshape(bins, -1), TINY))
    if bias is not None:
        logits += bias[:, None]
    logits -= logits.max(axis=0)
    weights = np.exp(logits / np.float32(temperature))
    # As fast as a matrix product through BLAS, whose threads go on spinning on the cores.
    ab = np.einsum("qc,qp->cp", palette, weights) / weights.sum(axis=0)
    return np.asarray(ab.reshape(2, height, width), dtype=np.float32)


def rebalancing_bias(prior: Array, vividness: float) -> Array:
    """Return what speaks for rare colours, (bins,), for ``prior`` (bins,).

    The class rebalancing of Zhang et al. 2016 (equation 4, lambda 1/2) at decoding instead of in
    training. ``vividness`` is in 0..1: 0 changes nothing, 1 is the paper's full weight.
    """
    mixed = 0.5 * prior + 0.5 / prior.size
    return np.asarray(-vividness * np.log(mixed), dtype=np.float32)
