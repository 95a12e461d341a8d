"""The colour pipeline: pure functions on arrays. No I/O, no settings, no globals."""

from worker.colour.chroma import COLOUR_CHROMA, residual_chroma
from worker.colour.distribution import Decoding, Distribution, decode
from worker.colour.fidelity import Difference, Sample, sample
from worker.colour.lightness import Lightness, lightness
from worker.colour.network import Network, Prediction
from worker.colour.pipeline import Colouring, colorize, predict, render

__all__ = [
    "COLOUR_CHROMA",
    "Colouring",
    "Decoding",
    "Difference",
    "Distribution",
    "Lightness",
    "Network",
    "Prediction",
    "Sample",
    "colorize",
    "decode",
    "lightness",
    "predict",
    "render",
    "residual_chroma",
    "sample",
]
