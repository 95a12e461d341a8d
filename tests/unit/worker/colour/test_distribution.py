from typing import Any

import numpy as np
import pytest

from tests.support.images import gradient
from worker.colour import Decoding, Distribution, colorize, decode, lightness, predict, render
from worker.colour.decode import annealed_mean, rebalancing_bias
from worker.colour.network import Prediction

PALETTE = np.array([[-50, 0], [0, 0], [0, 60]], np.float32)
PRIOR = np.array([0.2, 0.7, 0.1], np.float32)


def distribution(mean: np.ndarray | None = None) -> Distribution:
    p = np.random.default_rng(0).dirichlet((1, 1, 1), (5, 4)).transpose(2, 0, 1)
    return Distribution(p.astype(np.float32), PALETTE, PRIOR, mean)


class Counting:
    """A network that counts how often it runs."""

    palette, prior = PALETTE, PRIOR
    runs = 0

    def predict(self, lightness: np.ndarray) -> Prediction:
        assert lightness.shape == (1, 1, 32, 32)
        self.runs += 1
        p = np.broadcast_to(distribution().probabilities, (1, 3, 5, 4))
        return Prediction(p, np.einsum("nqhw,qc->nchw", p, PALETTE))


def test_decoding_is_the_annealed_mean_of_the_rebalanced_distribution() -> None:
    kept = distribution()
    found = decode(kept, Decoding(0.38, 0.6))
    bias = rebalancing_bias(PRIOR, 0.6)
    assert np.array_equal(found, annealed_mean(kept.probabilities, PALETTE, 0.38, bias))


def test_only_the_plain_mean_is_the_networks_own() -> None:
    own = np.full((2, 5, 4), 7, np.float32)
    kept = distribution(own)
    assert decode(kept, Decoding()) is own
    for how in (Decoding(temperature=0.5), Decoding(vividness=0.1)):
        assert not np.allclose(decode(kept, how), own)
    assert np.allclose(decode(kept, Decoding(saturation=0.5)), 3.5)
    assert decode(distribution(), Decoding()) == pytest.approx(
        np.einsum("qhw,qc->chw", kept.probabilities, PALETTE), abs=1e-4
    )


@pytest.mark.parametrize("saturation", [0.0, 0.4, 1.7, 2.0])
def test_saturation_multiplies_chroma_and_keeps_hue(saturation: float) -> None:
    plain = decode(distribution(), Decoding(0.5, 0.3))
    found = decode(distribution(), Decoding(0.5, 0.3, saturation))
    assert np.hypot(*found) == pytest.approx(saturation * np.hypot(*plain), abs=1e-4)
    if saturation:
        assert np.arctan2(*found) == pytest.approx(np.arctan2(*plain), abs=1e-5)


@pytest.mark.parametrize("field", ["temperature", "vividness", "saturation"])
@pytest.mark.parametrize("value", [-0.1, 2.1, float("nan"), float("inf")])
def test_values_out_of_range_are_refused_by_name(field: str, value: float) -> None:
    given: dict[str, Any] = {field: value}
    with pytest.raises(ValueError, match=field):
        Decoding(**given)


def test_a_temperature_of_0_is_refused() -> None:
    with pytest.raises(ValueError, match="temperature"):
        Decoding(temperature=0)


def test_a_kept_distribution_is_rendered_anew_without_the_network() -> None:
    network, source = Counting(), lightness(gradient())
    kept = predict(source, network, 32)
    hows = [Decoding(), Decoding(0.38), Decoding(1, 0.6, 1.5)]
    again = [render(source, kept, how) for how in hows]
    assert network.runs == 1
    for how, rgb in zip(hows, again, strict=True):
        assert np.array_equal(rgb, colorize(source, network, 32, how).rgb)
