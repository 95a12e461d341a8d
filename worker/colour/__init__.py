"""The colour pipeline: pure functions on arrays. No I/O, no settings, no globals."""

from worker.colour.chroma import COLOUR_CHROMA, residual_chroma
from worker.colour.fidelity import Difference, Sample, sample
from worker.colour.lightness import Lightness, lightness
from worker.colour.network import Network, Prediction
from worker.colour.pipeline import Colouring, colorize

__all__ = [
    "COLOUR_CHROMA",
    "Colouring",
    "Difference",
    "Lightness",
    "Network",
    "Prediction",
    "Sample",
    "colorize",
    "lightness",
    "residual_chroma",
    "sample",
]
