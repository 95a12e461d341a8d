from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.support.images import at_depth, gradient
from worker.colour import Prediction, colorize, lightness
from worker.colour.pipeline import network_input


@dataclass
class TwoBins:
    """A network that is 70 % sure of one colour and 30 % of another."""

    palette: np.ndarray = field(
        default_factory=lambda: np.array([[20, 30], [-20, -30]], np.float32)
    )
    prior: np.ndarray = field(default_factory=lambda: np.array([0.9, 0.1], np.float32))
    seen: list[np.ndarray] = field(default_factory=list)

    def predict(self, lightness: np.ndarray) -> Prediction:
        self.seen.append(lightness)
        size = lightness.shape[2] // 4
        p = np.full((1, 2, size, size), 0.3, np.float32)
        p[:, 0] = 0.7
        return Prediction(p, np.einsum("nqhw,qc->nchw", p, self.palette))


def test_the_network_sees_lightness_minus_50_at_its_own_size() -> None:
    network = TwoBins()
    colorize(lightness(gradient(300, 500)), network, input_size=64)
    (batch,) = network.seen
    assert batch.shape == (1, 1, 64, 64)
    assert batch.dtype == np.float32
    whole = lightness(gradient(300, 500)).whole()
    assert batch.mean() == pytest.approx(whole.mean() - 50, abs=0.2)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 2000), (500, 40)])
def test_odd_shapes_reach_the_network_in_range(height: int, width: int) -> None:
    batch = network_input(lightness(gradient(height, width)), 64)
    assert batch.shape == (1, 1, 64, 64)
    assert batch.min() >= -50
    assert batch.max() <= 50


@pytest.mark.parametrize("depth", [8, 16])
def test_the_result_has_the_sources_size_and_depth(depth: int) -> None:
    pixels = at_depth(gradient(90, 70) * 1.0 * ((2**depth - 1) // 255), depth)
    result = colorize(lightness(pixels), TwoBins(), input_size=32)
    assert result.rgb.shape == (90, 70, 3)
    assert result.rgb.dtype == pixels.dtype
    assert result.infer_ms >= 0


def test_a_colour_source_gives_what_its_grey_gives() -> None:
    grey = gradient(60, 60)
    from_grey = colorize(lightness(grey), TwoBins(), input_size=32).rgb
    from_rgb = colorize(lightness(np.dstack([grey] * 3)), TwoBins(), input_size=32).rgb
    assert np.abs(from_grey.astype(int) - from_rgb).max() <= 1


def test_a_lower_temperature_is_more_vivid() -> None:
    calm = colorize(lightness(gradient()), TwoBins(), input_size=32, temperature=1.0).rgb
    vivid = colorize(lightness(gradient()), TwoBins(), input_size=32, temperature=0.2).rgb

    def spread(rgb: np.ndarray) -> float:
        return float(np.ptp(rgb.astype(int), axis=2).mean())

    assert spread(vivid) > 1.5 * spread(calm)


def test_vividness_favours_the_rarer_colour() -> None:
    calm = colorize(lightness(gradient()), TwoBins(), input_size=32, vividness=0).rgb
    rare = colorize(lightness(gradient()), TwoBins(), input_size=32, vividness=1).rgb
    difference = rare.astype(int) - calm
    # The rare bin is blue, the common one orange.
    assert difference[..., 2].mean() > 5
    assert difference[..., 0].mean() < 0
