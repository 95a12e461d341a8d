"""The whole pipeline from pixels to pixels: a function of its arguments."""

from dataclasses import dataclass
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.compose import compose
from worker.colour.decode import annealed_mean, rebalancing_bias
from worker.colour.lightness import Pixels, Plane, lightness
from worker.colour.network import Network


@dataclass(frozen=True)
class Colouring:
    """A colour image and the milliseconds it took."""

    rgb: Pixels
    """(h, w, 3), of the depth of the source."""
    infer_ms: float
    compose_ms: float


def colorize(
    pixels: Pixels,
    network: Network,
    input_size: int = 224,
    temperature: float = 1.0,
    vividness: float = 0.0,
) -> Colouring:
    """Colorize grey (h, w) or RGB (h, w, 3) pixels of 8 or 16 bits; L* stays as it is.

    The network sees the image as a square of ``input_size``. ``temperature`` is in (0, 1],
    see ``annealed_mean``; ``vividness`` is in 0..1, see ``rebalancing_bias``.
    """
    began = perf_counter()
    plane = lightness(pixels)
    small = network_input(plane, input_size)
    ready = perf_counter()
    prediction = network.predict(small)
    predicted = perf_counter()
    if temperature == 1 and not vividness:
        ab = prediction.ab[0]
    else:
        bias = rebalancing_bias(network.prior, vividness) if vividness else None
        ab = annealed_mean(prediction.probabilities[0], network.palette, temperature, bias)
    rgb = compose(plane, ab, depth=8 * pixels.dtype.itemsize)
    ended = perf_counter()
    infer = predicted - ready
    return Colouring(rgb, infer * 1e3, (ended - began - infer) * 1e3)


def network_input(plane: Plane, size: int) -> NDArray[np.float32]:
    """Return L* resized to a square and centred: (1, 1, size, size) in -50..50."""
    height, width = plane.shape
    shrinks = height >= size and width >= size
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    square = cv2.resize(plane, (size, size), interpolation=method)
    return np.clip(square, 0, 100)[None, None] - np.float32(50)
