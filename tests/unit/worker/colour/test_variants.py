from itertools import combinations, pairwise

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from tests.unit.worker.colour.conftest import SAMPLES, Kept
from worker.colour import Decoding, Distribution, decode, lightness, variants
from worker.colour.compose import compose
from worker.colour.parts import parts
from worker.images import decode as read

HOW = Decoding(vividness=0.6)
PALETTE = np.array([[60, 40], [-40, -40], [0, 0]], np.float32)
PRIOR = np.full(3, 1 / 3, np.float32)


def halves(left: list[float], right: list[float]) -> Distribution:
    """Two halves of a picture, each with a distribution over red, blue and grey."""
    p = np.repeat(np.array([left, right], np.float32).T[:, None], 28, axis=1)
    return Distribution(np.repeat(p, 14, axis=2), PALETTE, PRIOR)


def roughness(ab: np.ndarray) -> float:
    """Total variation of a cell."""
    return float(sum(np.abs(np.diff(ab, axis=axis)).mean() for axis in (1, 2)))


@pytest.mark.parametrize("seed", [0, 1])
def test_variants_of_photographs_differ_as_one_sees(kept: Kept, seed: int) -> None:
    number = 0
    for name, distribution in kept.items():
        path = SAMPLES / f"{name.split()[0]}.jpg"
        source = lightness(read(path.read_bytes(), 10**8).pixels[::3, ::3])
        found = variants(distribution, 5, seed, HOW)
        number += len(found)
        labs = [rgb2lab(compose(source, each.ab)) for each in found]
        for one, other in combinations(labs, 2):
            assert deltaE_ciede2000(one, other).mean() > 2.5
    assert number >= 4 * len(kept)


@pytest.mark.parametrize("seed", [0, 1])
def test_regions_change_and_not_single_cells(kept: Kept, seed: int) -> None:
    for distribution in kept.values():
        ordinary, *others = variants(distribution, 5, seed, HOW)
        ratios = [roughness(each.ab) / roughness(ordinary.ab) for each in others]
        assert max(ratios, default=0) < 2
        assert np.mean(ratios or [0]) < 1.5


def test_the_first_is_the_ordinary_one_and_likelihood_falls(kept: Kept) -> None:
    found = variants(kept["astronaut"], 5, 3, HOW)
    assert np.array_equal(found[0].ab, decode(kept["astronaut"], HOW))
    assert found[0].log_likelihood == 0
    assert all(one.log_likelihood > other.log_likelihood for one, other in pairwise(found))


def test_a_seed_gives_the_same_and_another_seed_others(kept: Kept) -> None:
    first, again, other = (variants(kept["coffee"], 4, seed) for seed in (5, 5, 6))
    for one, same in zip(first, again, strict=True):
        assert np.array_equal(one.ab, same.ab)
        assert one.log_likelihood == same.log_likelihood
    assert not np.allclose(first[1].ab, other[1].ab)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_there_are_no_more_than_asked_for(kept: Kept, count: int) -> None:
    assert len(variants(kept["coffee"], count)) == count


@pytest.mark.parametrize("count", [-1, 0, 6])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=r"1\.\.5"):
        variants(halves([1, 0, 0], [0, 1, 0]), count)


def test_one_possible_colour_has_one_variant() -> None:
    assert len(variants(halves([1, 0, 0], [0, 0, 1]), 5)) == 1


def test_either_mode_of_the_half_that_has_two_is_found() -> None:
    found = variants(halves([0.5, 0.5, 0], [0, 0, 1]), 5)
    left = np.array([each.ab[:, 14, 3] for each in found])
    assert left[0] == pytest.approx([10, 0], abs=0.1)
    nearest = np.hypot(*(left[:, None] - PALETTE).transpose(2, 0, 1)).min(axis=0)
    assert (nearest[:2] < 15).all()
    for each in found:
        assert np.abs(each.ab[:, :, 20:]).max() < 1e-3


def test_saturation_holds_for_all(kept: Kept) -> None:
    assert len(variants(kept["coffee"], 5, 0, Decoding(saturation=0))) == 1
    plain, strong = (variants(kept["coffee"], 1, 0, Decoding(saturation=s))[0] for s in (1, 2))
    assert np.allclose(strong.ab, 2 * plain.ab)


@pytest.mark.parametrize("shape", [(1, 1), (1, 90), (90, 2), (57, 33)])
def test_odd_grids_have_variants(shape: tuple[int, int]) -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(3), shape).transpose(2, 0, 1)
    found = variants(Distribution(p.astype(np.float32), PALETTE, PRIOR), 3)
    assert all(each.ab.shape == (2, *shape) for each in found)
    assert all(np.isfinite(each.ab).all() for each in found)


def test_parts_are_what_has_one_distribution() -> None:
    belongs = parts(halves([0.9, 0.1, 0], [0, 0.1, 0.9]).probabilities)
    assert belongs.sum(axis=0) == pytest.approx(np.ones((28, 28)), abs=1e-5)
    together = np.einsum("sp,sr->pr", belongs[:, 14], belongs[:, 14])
    assert together[2, 25] < 0.01
    assert belongs[:, 5, 3] == pytest.approx(belongs[:, 20, 9], abs=1e-4)
