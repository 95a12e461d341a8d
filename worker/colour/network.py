"""What the pipeline needs of a network."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """What a network says about a batch; h and w are a quarter of the input's."""

    probabilities: Array
    """(n, bins, h, w), softmax at temperature 1: sums to 1 over the bins."""
    ab: Array
    """(n, 2, h, w), the mean of the bins under the probabilities, in CIELAB units."""


class Network(Protocol):
    """A network that predicts a distribution over colour bins."""

    @property
    def palette(self) -> Array:
        """Return the ab of each bin, (bins, 2)."""
        ...

    @property
    def prior(self) -> Array:
        """Return how often each bin occurs in photographs, (bins,)."""
        ...

    def predict(self, lightness: Array) -> Prediction:
        """Run one forward pass on lightness - 50, (n, 1, h, w) float32 in -50..50."""
        ...
