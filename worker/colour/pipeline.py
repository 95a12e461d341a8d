"""The whole pipeline from pixels to pixels: a function of its arguments."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from worker.colour.compose import Upsample, compose
from worker.colour.distribution import PLAIN, Decoding, Distribution, decode
from worker.colour.input_shape import Fit, input_shape
from worker.colour.lightness import Lightness, Pixels, Plane
from worker.colour.network import Network
from worker.colour.shrink import resized

LIGHT_PER_CELL = 4


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
    how: Decoding = PLAIN,
    out: Pixels | None = None,
) -> Colouring:
    """Give an image colour; its L* stays as it is. See ``predict`` and ``render``."""
    began = perf_counter()
    distribution = predict(source, network, input_size)
    predicted = perf_counter()
    rgb = render(source, distribution, how, out)
    ended = perf_counter()
    return Colouring(rgb, (predicted - began) * 1e3, (ended - predicted) * 1e3)


def predict(
    source: Lightness, network: Network, input_size: int = 224, fit: Fit = "square"
) -> Distribution:
    """Return what the network believes of an image, which it sees at ``input_shape``."""
    found = network.predict(network_input(source, input_size, fit))
    return Distribution(found.probabilities[0], network.palette, network.prior, found.ab[0])


def render(
    source: Lightness,
    distribution: Distribution,
    how: Decoding,
    out: Pixels | None = None,
    upsample: Upsample = "bicubic",
) -> Pixels:
    """Return RGB, (h, w, 3), of the source's depth, coloured as the distribution has it.

    ``out``, (h, w, 3) of the source's depth, takes the result if it is given.
    """
    light = light_of(source, distribution) if how.hints else None
    return compose(source, decode(distribution, how, light), out, upsample)


def light_of(source: Lightness, distribution: Distribution) -> Plane:
    """Return L* of an image in four pixels along each cell of its distribution, for hints."""
    height, width = distribution.cells
    return resized(source, LIGHT_PER_CELL * height, LIGHT_PER_CELL * width)


def network_input(source: Lightness, size: int, fit: Fit = "square") -> NDArray[np.float32]:
    """Return L* as a network sees it, centred: (1, 1, h, w) in -50..50; see ``input_shape``."""
    height, width = input_shape(source.shape, size, fit)
    return resized(source, height, width)[None, None] - np.float32(50)
