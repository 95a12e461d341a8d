"""From a distribution over colour bins to one colour."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from worker.colour.bands import each_part

Array = NDArray[np.float32]
TINY = np.float32(1e-30)
CELLS = 512
"""Cells decoded at a time, which fit the cache; the whole takes three times as long."""


def annealed_mean(
    likely: Array,
    palette: Array,
    temperature: float,
    bias: Array | None = None,
    logs: bool = False,
) -> Array:
    """Return the annealed mean (Zhang et al. 2016, equation 5): (2, h, w) ab.

    ``likely`` is (bins, h, w), a softmax at temperature 1, or with ``logs`` what it is the
    softmax of; ``palette`` is (bins, 2). ``temperature`` is in (0, 1]: 1 is the mean of the
    distribution, towards 0 its mode. ``bias``, (bins,), is added to the logits first; see
    ``rebalancing_bias``.
    """
    bins, height, width = likely.shape
    flat = likely.reshape(bins, -1)
    ab = np.empty((2, height * width), np.float32)

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            weights = _weights(flat[:, part], temperature, bias, logs)
            # As fast as a matrix product through BLAS, whose threads go on spinning on the cores.
            np.einsum("qc,qp->cp", palette, weights, out=ab[:, part])
            ab[:, part] /= weights.sum(axis=0)

    each_part(height * width, CELLS, work)
    return ab.reshape(2, height, width)


def _weights(likely: Array, temperature: float, bias: Array | None, logs: bool) -> Array:
    """Return what each bin counts, (bins, cells), for probabilities or logs of that shape."""
    if temperature == 1 and not logs:
        return likely if bias is None else likely * np.exp(bias)[:, None]
    logits = likely if logs else np.log(np.maximum(likely, TINY))
    if bias is not None:
        logits = logits + bias[:, None]
    logits = logits - logits.max(axis=0)
    logits /= np.float32(temperature)
    return np.asarray(np.exp(logits, out=logits))


def anneal(
    likely: Array, temperature: float, bias: Array | None = None, logs: bool = False
) -> Array:
    """Return the distribution whose mean is ``annealed_mean``, (bins, h, w): sums to 1."""
    bins = len(likely)
    flat, out = likely.reshape(bins, -1), np.empty(likely.shape, np.float32)
    found = out.reshape(bins, -1)

    def work(parts: Iterator[slice]) -> None:
        for part in parts:
            weights = _weights(flat[:, part], temperature, bias, logs)
            np.divide(weights, weights.sum(axis=0), out=found[:, part])

    each_part(flat.shape[1], CELLS, work)
    return out


def rebalancing_bias(prior: Array, vividness: float) -> Array:
    """Return what speaks for rare colours, (bins,), for ``prior`` (bins,).

    The class rebalancing of Zhang et al. 2016 (equation 4, lambda 1/2) at decoding instead of in
    training. ``vividness`` is in 0..1: 0 changes nothing, 1 is the paper's full weight.
    """
    mixed = 0.5 * prior + 0.5 / prior.size
    return np.asarray(-vividness * np.log(mixed), dtype=np.float32)
