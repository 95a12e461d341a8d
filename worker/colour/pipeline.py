"""The whole pipeline from pixels to pixels: a function of its arguments."""

from dataclasses import dataclass
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.colour.bands import Work, band_rows, each_band
from worker.colour.compose import compose
from worker.colour.distribution import PLAIN, Decoding, Distribution, decode
from worker.colour.lightness import Lightness, Pixels, Plane
from worker.colour.network import Network


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


def predict(source: Lightness, network: Network, input_size: int = 224) -> Distribution:
    """Return what the network believes; it sees the image as a square of ``input_size``."""
    found = network.predict(network_input(source, input_size))
    return Distribution(found.probabilities[0], network.palette, network.prior, found.ab[0])


def render(
    source: Lightness, distribution: Distribution, how: Decoding, out: Pixels | None = None
) -> Pixels:
    """Return RGB, (h, w, 3), of the source's depth, coloured as the distribution has it.

    ``out``, (h, w, 3) of the source's depth, takes the result if it is given.
    """
    return compose(source, decode(distribution, how), out)


def network_input(source: Lightness, size: int) -> NDArray[np.float32]:
    """Return L* resized to a square and centred: (1, 1, size, size) in -50..50."""
    height, width = source.shape
    if height >= size and width >= size:
        square = _shrink(source, size)
    else:
        square = _resize(source.whole(), size, size, cv2.INTER_CUBIC)
    return np.clip(square, 0, 100)[None, None] - np.float32(50)


def _shrink(source: Lightness, size: int) -> Plane:
    """Return the mean of the area of each small pixel: along x band by band, then along y."""
    height, width = source.shape
    narrow = np.empty((height, size), np.float32)

    def begin() -> Work:
        buffer = np.empty((band_rows(height, width), width), np.float32)

        def work(rows: slice) -> None:
            band = source.rows(rows, buffer)
            cv2.resize(band, (size, len(band)), narrow[rows], interpolation=cv2.INTER_AREA)

        return work

    each_band(height, width, begin)
    return _resize(narrow, size, size, cv2.INTER_AREA)


def _resize(plane: Plane, width: int, height: int, method: int) -> Plane:
    return np.asarray(cv2.resize(plane, (width, height), interpolation=method), np.float32)
