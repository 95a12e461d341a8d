import warnings
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from tests.support.images import at_depth, gradient
from worker.colour import Decoding, Prediction, colorize, lightness
from worker.colour.pipeline import network_input
from worker.images import decode

SAMPLES = Path(__file__).parents[4] / "samples"


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


@dataclass
class Fixed:
    """A network that always says the same."""

    ab: np.ndarray
    palette: np.ndarray = field(default_factory=lambda: np.zeros((1, 2), np.float32))
    prior: np.ndarray = field(default_factory=lambda: np.ones(1, np.float32))

    def predict(self, lightness: np.ndarray) -> Prediction:
        assert lightness.shape[:2] == (1, 1)
        return Prediction(np.ones((1, 1, *self.ab.shape[2:]), np.float32), self.ab)


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


def test_an_input_that_keeps_the_proportions_is_the_picture() -> None:
    pixels = gradient(300, 500)
    batch = network_input(lightness(pixels), 160, "longer")
    assert batch.shape == (1, 1, 96, 160)
    expected = cv2.resize(lightness(pixels).whole(), (160, 96), interpolation=cv2.INTER_AREA)
    assert np.abs(batch[0, 0] + 50 - expected).max() < 0.01


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


@pytest.mark.parametrize("kind", ["grey", "colour"])
def test_the_picture_is_that_of_the_plain_float_pipeline(kind: str) -> None:
    """Whole-image double-precision copies, by another library."""
    rng = np.random.default_rng(3)
    grey = np.asarray(decode((SAMPLES / "coffee.jpg").read_bytes(), 10**8).pixels, np.uint8)
    tinted = np.clip(grey[..., None] + rng.normal(0, 20, (*grey.shape, 3)), 0, 255)
    pixels = grey if kind == "grey" else tinted.astype(np.uint8)
    coarse = rng.normal(0, 18, (8, 8, 2)).astype(np.float32)
    ab = np.asarray(cv2.resize(coarse, (56, 56), interpolation=cv2.INTER_CUBIC), np.float32)
    network = Fixed(np.ascontiguousarray(ab.transpose(2, 0, 1)[None]))
    found = colorize(lightness(pixels), network).rgb
    lab = np.empty((*pixels.shape[:2], 3))
    lab[..., 0] = rgb2lab(np.dstack([pixels] * 3) if kind == "grey" else pixels)[..., 0]
    size = lab.shape[1], lab.shape[0]
    lab[..., 1:] = cv2.resize(ab.astype(float), size, interpolation=cv2.INTER_CUBIC)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Conversion from CIE-LAB")
        expected = np.rint(lab2rgb(lab) * 255)
    # What lies outside sRGB is clipped there, and loses chroma here.
    inside = (expected > 0).all(axis=2) & (expected < 255).all(axis=2)
    difference = np.abs(found - expected)[inside]
    assert inside.mean() > 0.5
    assert difference.max() <= 2
    assert (difference <= 1).mean() >= 0.9999
    assert np.abs(lightness(found).whole() - lab[..., 0]).max() < 0.3


def test_the_result_can_be_written_over_the_source() -> None:
    pixels = np.dstack([gradient(90, 70, seed=seed) for seed in range(3)])
    expected = colorize(lightness(pixels), TwoBins(), input_size=32).rgb
    reused = colorize(lightness(pixels), TwoBins(), input_size=32, out=pixels).rgb
    assert reused is pixels
    assert np.array_equal(reused, expected)


def test_a_lower_temperature_is_more_vivid() -> None:
    calm = colorize(lightness(gradient()), TwoBins(), 32, Decoding(temperature=1.0)).rgb
    vivid = colorize(lightness(gradient()), TwoBins(), 32, Decoding(temperature=0.2)).rgb

    def spread(rgb: np.ndarray) -> float:
        return float(np.ptp(rgb.astype(int), axis=2).mean())

    assert spread(vivid) > 1.5 * spread(calm)


def test_vividness_favours_the_rarer_colour() -> None:
    calm = colorize(lightness(gradient()), TwoBins(), 32, Decoding(vividness=0)).rgb
    rare = colorize(lightness(gradient()), TwoBins(), 32, Decoding(vividness=1)).rgb
    difference = rare.astype(int) - calm
    # The rare bin is blue, the common one orange.
    assert difference[..., 2].mean() > 5
    assert difference[..., 0].mean() < 0
