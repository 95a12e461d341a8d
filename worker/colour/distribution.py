"""What a network believes of every pixel's colour, and how one colour is made of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from worker.colour.decode import Array, anneal, annealed_mean, rebalancing_bias
from worker.colour.hints import Hint, apply_hints


@dataclass(frozen=True)
class Distribution:
    """A distribution over colour bins for every pixel of a small grid, (h, w)."""

    likely: Array
    """(bins, h, w) float32, ``probabilities``, or with ``logs`` what they are the softmax of."""
    palette: Array
    """(bins, 2), the ab of each bin."""
    prior: Array
    """(bins,), how often each bin occurs in photographs."""
    mean: Array | None = None
    """(2, h, w), the mean ab at temperature 1, if the network gave it."""
    logs: bool = False

    @cached_property
    def probabilities(self) -> Array:
        """(bins, h, w) float32, at temperature 1: sums to 1 over the bins."""
        return anneal(self.likely, 1, logs=True) if self.logs else self.likely

    @property
    def cells(self) -> tuple[int, int]:
        """Height and width of the grid."""
        _, height, width = self.likely.shape
        return height, width


@dataclass(frozen=True)
class Decoding:
    """How a distribution becomes one colour; as it stands, its plain mean."""

    temperature: float = 1.0
    """In (0, 1], see ``annealed_mean``."""
    vividness: float = 0.0
    """In 0..1, see ``rebalancing_bias``."""
    saturation: float = 1.0
    """In 0..2: what the chroma is multiplied by; the hue stays. 0 is grey."""
    bias: Array | None = None
    """(bins,), what speaks for each bin beside: of a reference, see ``reference_weights``."""
    hints: Sequence[Hint] = ()
    """Colours of places, see ``apply_hints``."""

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            ValueError: one is; the message says which.
        """
        if not 0 < self.temperature <= 1:
            raise ValueError(f"temperature must be above 0 and at most 1, not {self.temperature}")
        if not 0 <= self.vividness <= 1:
            raise ValueError(f"vividness must be in 0..1, not {self.vividness}")
        if not 0 <= self.saturation <= 2:
            raise ValueError(f"saturation must be in 0..2, not {self.saturation}")


PLAIN = Decoding()


def decode(distribution: Distribution, how: Decoding, lightness: Array | None = None) -> Array:
    """Return the colour that is asked for, (2, h, w) ab.

    ``lightness``, L* of the same image, is only looked at for hints: see ``apply_hints``.
    """
    bias = _bias(distribution, how)
    if how.hints:
        ab = settle(distribution, how, lightness).mean
        assert ab is not None, "what is settled has a mean"
    elif distribution.mean is not None and how.temperature == 1 and bias is None:
        ab = distribution.mean
    else:
        ab = annealed_mean(
            distribution.likely, distribution.palette, how.temperature, bias, distribution.logs
        )
    return ab if how.saturation == 1 else ab * np.float32(how.saturation)


def settle(
    distribution: Distribution, how: Decoding, lightness: Array | None = None
) -> Distribution:
    """Return the distribution whose plain mean is ``decode``'s, but for the saturation."""
    palette = distribution.palette
    bias = _bias(distribution, how)
    likely = anneal(distribution.likely, how.temperature, bias, distribution.logs)
    if how.hints:
        assert lightness is not None, "hints spread along the lightness"
        likely = apply_hints(likely, palette, lightness, how.hints)
    return Distribution(likely, palette, distribution.prior, annealed_mean(likely, palette, 1))


def _bias(distribution: Distribution, how: Decoding) -> Array | None:
    """Return all that speaks for each bin, (bins,)."""
    rebalancing = rebalancing_bias(distribution.prior, how.vividness) if how.vividness else None
    if rebalancing is None or how.bias is None:
        return rebalancing if how.bias is None else how.bias
    return rebalancing + how.bias
