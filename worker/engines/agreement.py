"""Whether an engine says the same as the reference."""

import cv2
import numpy as np

from core.errors import EngineFailed
from worker.colour.decode import annealed_mean, rebalancing_bias
from worker.engines.base import Array, Engine, Prediction

MAX_PROBABILITY = 1e-3
"""Largest difference of a probability, for engines that compute with f32."""
MAX_MEAN_AB = 0.8
"""Largest mean distance in the ab plane, for engines that compute with less."""


def check_agreement(engine: Engine, reference: Engine) -> float:
    """Compare both on one picture; return the largest difference of a probability (0..1).

    Raises:
        EngineFailed: they disagree.
    """
    picture = sample_input(reference.model.manifest.input_size)
    expected = reference.predict(picture)
    found = engine.predict(picture)
    if found.probabilities.shape != expected.probabilities.shape:
        raise EngineFailed(f"{engine.name} answers with the shape {found.probabilities.shape}")
    largest = float(np.abs(found.probabilities - expected.probabilities).max())
    distances = [
        np.hypot(*(mine - theirs)).mean()
        for mine, theirs in zip(_colours(engine, found), _colours(engine, expected), strict=True)
    ]
    # NumPy's maximum hands on what is not a number, and no comparison is true of that.
    distance = float(np.max(distances))
    agrees = distance <= MAX_MEAN_AB
    if engine.precision == "f32":
        agrees = agrees and largest <= MAX_PROBABILITY
    if not agrees:
        raise EngineFailed(
            f"{engine.name} ({engine.precision}) differs from opencv by {largest:.2g} in a "
            f"probability and by {distance:.2g} in mean ab"
        )
    return largest


def _colours(engine: Engine, prediction: Prediction) -> tuple[Array, Array]:
    """Return the mean ab, and ab as the model's own options decode it; both (2, h, w)."""
    manifest = engine.model.manifest
    bias = rebalancing_bias(engine.prior, manifest.vividness)
    probabilities = prediction.probabilities[0]
    decoded = annealed_mean(probabilities, engine.palette, manifest.temperature, bias)
    return prediction.ab[0], decoded


def sample_input(size: int) -> Array:
    """Return lightness - 50, (1, 1, size, size), with soft shapes and grain, always the same."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(-45, 45, (7, 7)).astype(np.float32)
    soft = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 4, (size, size))
    return np.clip(soft + grain, -50, 50).astype(np.float32)[None, None]
