"""The whole pipeline from pixels to pixels: a function of its arguments."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from worker.colour.compose import compose
from worker.colour.decode import annealed_mean, rebalancing_bias
from worker.colour.input_shape import Fit, input_shape
from worker.colour.lightness import Lightness, Pixels
from worker.colour.network import Network
from worker.colour.shrink import resized


@dataclass(frozen=True)
class Colouring:
    """A colour image and the milliseconds it took."""

    rgb: Pixels
    """(h, w, 3), of the depth of the source."""
    infer_ms: float
    compose_ms: float


def colorize(
    source: Lightness,
    network: Network,
    input_size: int = 224,
    temperature: float = 1.0,
    vividness: float = 0.0,
    out: Pixels | None = None,
) -> Colouring:
    """Give an image colour; its L* stays as it is.

    The network sees the image as a square of ``input_size``. ``temperature`` is in (0, 1],
    see ``annealed_mean``; ``vividness`` is in 0..1, see ``rebalancing_bias``.
    ``out``, (h, w, 3) of the source's depth, takes the result if it is given.
    """
    began = perf_counter()
    small = network_input(source, input_size)
    ready = perf_counter()
    prediction = network.predict(small)
    predicted = perf_counter()
    if temperature == 1 and not vividness:
        ab = prediction.ab[0]
    else:
        bias = rebalancing_bias(network.prior, vividness) if vividness else None
        ab = annealed_mean(prediction.probabilities[0], network.palette, temperature, bias)
    rgb = compose(source, ab, out)
    ended = perf_counter()
    infer = predicted - ready
    return Colouring(rgb, infer * 1e3, (ended - began - infer) * 1e3)


def network_input(source: Lightness, size: int, fit: Fit = "square") -> NDArray[np.float32]:
    """Return L* as a network sees it, centred: (1, 1, h, w) in -50..50; see ``input_shape``."""
    height, width = input_shape(source.shape, size, fit)
    return resized(source, height, width)[None, None] - np.float32(50)
