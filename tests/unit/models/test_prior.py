import numpy as np
import pytest

from models.catalogue import BUNDLED, NETWORKS
from models.prior import PRIOR, prior_over

PALETTE = np.load(NETWORKS / BUNDLED / "palette.npy").astype(np.float32)


def test_of_its_own_palette_it_is_what_was_counted() -> None:
    prior = prior_over(PALETTE)
    assert np.array_equal(prior, np.load(PRIOR))
    assert prior.sum() == pytest.approx(1)
    assert (prior >= 0).all()


def test_grey_is_the_most_common_colour() -> None:
    assert PALETTE[prior_over(PALETTE).argmax()].tolist() == [0, 0]


def test_bins_in_another_order_keep_their_frequencies() -> None:
    order = np.random.default_rng(0).permutation(len(PALETTE))
    assert np.allclose(prior_over(PALETTE[order]), prior_over(PALETTE)[order])


def test_a_coarser_palette_shares_all_out() -> None:
    coarse = np.array([[0, 0], [60, 60], [-60, 60]], np.float32)
    prior = prior_over(coarse)
    assert prior.sum() == pytest.approx(1)
    assert prior.argmax() == 0
