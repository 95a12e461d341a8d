from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from benchmarks.toning import RECIPES, WEAR, Plane
from tests.support.images import decoded, encoded
from worker.colour import COLOUR_CHROMA, residual_chroma

SAMPLES = sorted((Path(__file__).parents[4] / "samples").glob("*.jpg"))
BORDERLINE = {"yellowed, large stains", "duotone of any hue"}
"""Some of these are taken for colour; see docs/colour-sources.md."""


def sample(name: str) -> NDArray[np.uint8]:
    """A colour photograph, (h, w, 3)."""
    return np.asarray(getattr(data, name)(), np.uint8)


def grey_scene(size: int) -> NDArray[np.uint8]:
    """A photograph without colour, as RGB."""
    plane = cv2.resize(np.asarray(data.camera(), np.uint8), (size, size))
    return np.dstack((plane, plane, plane))


def lightness_of(path: Path) -> Plane:
    return np.asarray(decoded(path.read_bytes()) / np.float32(255), np.float32)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee", "rocket"])
def test_a_colour_photograph_has_colour_even_as_a_poor_jpeg(name: str) -> None:
    photo = sample(name)
    assert residual_chroma(photo) > 2 * COLOUR_CHROMA
    assert residual_chroma(decoded(encoded(photo, quality=30))) > 2 * COLOUR_CHROMA


@pytest.mark.parametrize("recipe", sorted(RECIPES.keys() - BORDERLINE))
@pytest.mark.parametrize("wear", ["as it is", "JPEG 60", "noise, JPEG 80", "out of register"])
def test_a_toned_print_has_none(recipe: str, wear: str) -> None:
    rng = np.random.default_rng(0)
    for path in SAMPLES:
        scan = WEAR[wear](RECIPES[recipe](lightness_of(path), rng), rng)
        assert residual_chroma(scan) < COLOUR_CHROMA, path.name


def test_grey_pixels_have_none() -> None:
    assert residual_chroma(np.asarray(data.camera(), np.uint8)) == 0
    assert residual_chroma(grey_scene(400)) < 0.1


@pytest.mark.parametrize("size", [300, 3000])
def test_one_small_red_thing_in_a_grey_scene_is_colour(size: int) -> None:
    scene = grey_scene(size)
    side = round(0.07 * size)
    thing = scene[size // 2 : size // 2 + side, size // 2 : size // 2 + side]
    thing[:] = 0.4 * thing + 0.6 * np.array([180, 20, 30])
    assert residual_chroma(scene) > COLOUR_CHROMA


@pytest.mark.parametrize("levels", [2, 8])
def test_a_scanners_noise_is_not_colour(levels: int) -> None:
    noise = np.random.default_rng(0).normal(0, levels, (1500, 1500, 3))
    scan = np.clip(grey_scene(1500) + noise, 0, 255).astype(np.uint8)
    assert residual_chroma(scan) < COLOUR_CHROMA


@pytest.mark.parametrize("name", ["coffee", "rocket"])
def test_a_cast_neither_hides_colour_nor_is_it(name: str) -> None:
    cast = np.array([1.08, 1, 0.88])
    assert residual_chroma((sample(name) * cast).clip(0, 255).astype(np.uint8)) > COLOUR_CHROMA
    assert residual_chroma((grey_scene(500) * cast).clip(0, 255).astype(np.uint8)) < COLOUR_CHROMA


def test_red_on_white_is_too_strong_for_a_tone() -> None:
    sign = np.full((300, 300, 3), 255, np.uint8)
    cv2.circle(sign, (150, 150), 120, (200, 16, 30), -1)
    assert residual_chroma(sign) > COLOUR_CHROMA


def test_16_bits_are_measured_as_8_are() -> None:
    photo = sample("coffee")
    deep = photo.astype(np.uint16) * np.uint16(257)
    assert residual_chroma(deep) == pytest.approx(residual_chroma(photo), abs=0.1)


def test_a_photograph_and_its_enlargement_are_much_alike() -> None:
    photo = sample("chelsea")
    large = cv2.resize(photo, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    assert residual_chroma(np.asarray(large, np.uint8)) == pytest.approx(
        residual_chroma(photo), rel=0.1
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (1, 5000), (5000, 1), (97, 3)])
def test_odd_shapes_have_a_chroma(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    before = pixels.copy()
    assert 0 <= residual_chroma(pixels) < 150
    assert np.array_equal(pixels, before)
    assert residual_chroma(np.full((*shape, 3), 90, np.uint8)) == 0
