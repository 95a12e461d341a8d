"""The colour pipeline: pure functions on arrays. No I/O, no settings, no globals."""

from worker.colour.ambiguity import ambiguity, heat_map
from worker.colour.chroma import COLOUR_CHROMA, residual_chroma
from worker.colour.compose import compose
from worker.colour.distribution import Decoding, Distribution, decode
from worker.colour.fidelity import Difference, Sample, sample
from worker.colour.gamut import prepare
from worker.colour.hints import Hint
from worker.colour.lightness import Lightness, lightness
from worker.colour.network import Network, Prediction
from worker.colour.packing import pack, unpack
from worker.colour.pipeline import Colouring, colorize, light_of, predict, render
from worker.colour.reference import reference_weights
from worker.colour.variants import Variant, variants

__all__ = [
    "COLOUR_CHROMA",
    "Colouring",
    "Decoding",
    "Difference",
    "Distribution",
    "Hint",
    "Lightness",
    "Network",
    "Prediction",
    "Sample",
    "Variant",
    "ambiguity",
    "colorize",
    "compose",
    "decode",
    "heat_map",
    "light_of",
    "lightness",
    "pack",
    "predict",
    "prepare",
    "reference_weights",
    "render",
    "residual_chroma",
    "sample",
    "unpack",
    "variants",
]
