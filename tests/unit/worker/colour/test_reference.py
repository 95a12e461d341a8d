import cv2
import numpy as np
import pytest
from skimage import data

from tests.support.images import at_depth
from tests.support.standin import palette as bins
from worker.colour.decode import annealed_mean
from worker.colour.network import Array
from worker.colour.reference import reference_weights

PALETTE = bins().astype(np.float32)
CHROMA = np.hypot(*PALETTE.T)
_OFTEN = np.exp(-CHROMA / 12)
PRIOR = np.asarray(_OFTEN / _OFTEN.sum(), np.float32)


def picture(ab: tuple[float, float], spread: float = 6, seed: int = 0) -> np.ndarray:
    """An RGB picture of colours around one ab, (60, 80, 3)."""
    rng = np.random.default_rng(seed)
    lab = np.empty((60, 80, 3), np.float32)
    lab[..., 0] = rng.uniform(40, 80, (60, 80))
    lab[..., 1:] = rng.normal(ab, spread, (60, 80, 2))
    return np.asarray(np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255), np.uint8)


def undecided() -> Array:
    """A cell that may be of any hue, as common as it is, (bins, 1, 1)."""
    return PRIOR.reshape(-1, 1, 1)


def mean(weights: Array, strength: float = 1.0) -> Array:
    bias = np.float32(strength) * weights
    return annealed_mean(undecided(), PALETTE, 1.0, bias)[:, 0, 0]


@pytest.mark.parametrize("ab", [(30.0, 35.0), (-5.0, -40.0), (-35.0, 30.0)])
def test_colours_move_towards_those_of_the_reference(ab: tuple[float, float]) -> None:
    before = mean(np.zeros(len(PALETTE), np.float32))
    assert np.hypot(*before) < 0.5
    after = mean(reference_weights(picture(ab), PALETTE, PRIOR))
    direction = np.array(ab) / np.hypot(*ab)
    assert after @ direction > 5
    assert abs(after @ [direction[1], -direction[0]]) < 2


def test_half_of_the_strength_moves_less() -> None:
    weights = reference_weights(picture((30, 35)), PALETTE, PRIOR)
    none, half, full = (np.hypot(*mean(weights, strength)) for strength in (0, 0.5, 1))
    assert none + 2 < half < full - 2


@pytest.mark.parametrize("kind", ["grey", "grey as RGB", "toned", "one channel", "black"])
def test_a_reference_without_colours_changes_little(kind: str) -> None:
    grey = np.random.default_rng(0).integers(30, 220, (60, 80)).astype(np.uint8)
    pixels = {
        "grey": picture((0, 0), spread=0),
        "grey as RGB": np.dstack([grey] * 3),
        "toned": picture((1, 3), spread=1),
        "one channel": grey,
        "black": np.zeros((1, 1, 3), np.uint8),
    }[kind]
    weights = reference_weights(pixels, PALETTE, PRIOR)
    assert np.isfinite(weights).all()
    before = mean(np.zeros(len(PALETTE), np.float32))
    assert np.abs(mean(weights) - before).max() < 4
    if kind != "toned":
        assert np.abs(mean(weights) - before).max() < 0.5


def test_greys_of_a_reference_do_not_take_colour_away() -> None:
    colourful = picture((30, 35))
    with_greys = np.concatenate((colourful, np.full((180, 80, 3), 128, np.uint8)))
    alone, beside = (
        mean(reference_weights(pixels, PALETTE, PRIOR)) for pixels in (colourful, with_greys)
    )
    assert np.hypot(*beside) > 0.75 * np.hypot(*alone)


def test_a_reference_as_colourful_as_all_photographs_changes_little() -> None:
    rng = np.random.default_rng(3)
    ab = PALETTE[rng.choice(len(PALETTE), (120, 160), p=PRIOR / PRIOR.astype(float).sum())]
    lab = np.dstack((np.full(ab.shape[:2], 65, np.float32), ab))
    pixels = np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).astype(np.uint8)
    before = mean(np.zeros(len(PALETTE), np.float32))
    assert np.abs(mean(reference_weights(pixels, PALETTE, PRIOR)) - before).max() < 1.5


def test_the_same_reference_gives_the_same_bits() -> None:
    pixels = np.asarray(data.chelsea(), np.uint8)
    kept = pixels.copy()
    first, second = (reference_weights(pixels, PALETTE, PRIOR) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.dtype == np.float32
    assert first.shape == (len(PALETTE),)
    assert np.array_equal(pixels, kept)
    assert np.abs(first).max() <= 3


def test_size_and_depth_of_a_reference_do_not_matter() -> None:
    pixels = np.asarray(data.chelsea(), np.uint8)
    usual = reference_weights(pixels, PALETTE, PRIOR)
    size = 4 * pixels.shape[1], 4 * pixels.shape[0]
    large = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    deep = at_depth(pixels.astype(int) * 257, 16)
    assert np.abs(reference_weights(large, PALETTE, PRIOR) - usual).max() < 0.4
    assert np.abs(reference_weights(deep, PALETTE, PRIOR) - usual).max() < 0.05
