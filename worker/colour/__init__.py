"""The colour pipeline: pure functions on arrays. No I/O, no settings, no globals."""

from worker.colour.chroma import COLOUR_CHROMA, residual_chroma
from worker.colour.lightness import Lightness, lightness
from worker.colour.network import Network, Prediction
from worker.colour.pipeline import Colouring, colorize

__all__ = [
    "COLOUR_CHROMA",
    "Colouring",
    "Lightness",
    "Network",
    "Prediction",
    "colorize",
    "lightness",
    "residual_chroma",
]
