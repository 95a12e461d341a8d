import numpy as np
import pytest

from benchmarks import metrics

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (40, 50, 3)).astype(np.uint8)
GREY = np.full((40, 50, 3), 120, np.uint8)


def _lab(a: float, b: float) -> metrics.Lab:
    lab = np.full((10, 10, 3), 50, np.float32)
    lab[..., 1:] = (a, b)
    return lab


def test_a_picture_is_no_different_from_itself() -> None:
    assert metrics.psnr(PHOTO, PHOTO) == metrics.SAME
    assert metrics.ssim(PHOTO, PHOTO) == pytest.approx(1)
    lab = metrics.to_lab(PHOTO)
    assert metrics.delta_e(lab, lab) == pytest.approx(0)


def test_psnr_is_that_of_the_definition() -> None:
    other = PHOTO.copy()
    other[..., 0] ^= 1
    assert metrics.psnr(PHOTO, other) == pytest.approx(10 * np.log10(255**2 / (1 / 3)))


def test_delta_e_of_a_published_pair() -> None:
    # Sharma, Wu and Dalal (2005), table 1, pair 1.
    first = np.array([[[50.0, 2.6772, -79.7751]]], np.float32)
    second = np.array([[[50.0, 0.0, -82.7485]]], np.float32)
    assert metrics.delta_e(first, second) == pytest.approx(2.0425, abs=1e-3)


def test_grey_has_no_colour() -> None:
    assert metrics.colourfulness(GREY) == 0
    assert metrics.chroma(metrics.to_lab(GREY)) == pytest.approx(0, abs=0.01)


def test_colourfulness_follows_its_formula() -> None:
    halves = np.zeros((2, 10, 3), np.uint8)
    halves[0, :, 0] = 200
    rg, yb = np.array([200.0, 0.0]), np.array([100.0, 0.0])
    expected = np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert metrics.colourfulness(halves) == pytest.approx(expected)


def test_accuracy_is_the_area_under_the_curve() -> None:
    bins = np.zeros((10, 10), np.int64)

    def accuracy(away: float) -> float:
        distance = metrics.distances(_lab(0, 0), _lab(away, 0))
        return metrics.accuracy(metrics.histogram(distance, bins, 1))

    assert accuracy(0) == 1
    assert accuracy(30) == pytest.approx((151 - 30) / 151)
    assert accuracy(200) == 0


def test_balanced_accuracy_counts_a_rare_colour_as_much_as_a_common_one() -> None:
    bins = np.zeros((10, 10), np.int64)
    bins[0, 0] = 3
    distance = np.zeros((10, 10), np.int64)
    distance[0, 0] = metrics.FARTHEST + 1
    counts = metrics.histogram(distance, bins, 5)
    assert metrics.accuracy(counts) == pytest.approx(0.99)
    assert metrics.balanced_accuracy(counts) == pytest.approx(0.5)


def test_opposite_colours_side_by_side_on_even_lightness_are_patches() -> None:
    lab = np.full((64, 64, 3), 50, np.float32)
    lab[..., 1:] = (30, 0)
    assert metrics.patchiness(lab) == 0
    lab[:, 32:, 1] = -30
    assert metrics.patchiness(lab) == pytest.approx(3 * 64 / (2 * 61 * 64))
    edge = lab.copy()
    edge[:, 32:, 0] = 80
    assert metrics.patchiness(edge) == 0
    weak = lab.copy()
    weak[..., 1] /= 3
    assert metrics.patchiness(weak) == 0


def test_edges_are_found_with_what_is_around_them() -> None:
    lab = np.full((20, 60, 3), 40, np.float32)
    lab[:, 30:, 0] = 80
    near = metrics.near_edges(lab, 5)
    assert near[:, 26:34].all()
    assert not near[:, :20].any()
    assert not near[:, 40:].any()


def test_bleeding_counts_near_edges_only() -> None:
    truth = np.zeros((20, 60, 3), np.float32)
    truth[:, 30:, 0] = 60
    bled = truth.copy()
    bled[:, 28:32, 1] = 20
    near, elsewhere = metrics.edge_errors(truth, bled, 5)
    assert near > 4
    assert elsewhere == 0
    assert metrics.edge_errors(truth, truth, 5) == (0, 0)


def test_a_smooth_picture_has_nothing_near_edges() -> None:
    flat = np.zeros((20, 20, 3), np.float32)
    assert np.isnan(metrics.edge_errors(flat, flat, 2)[0])


@pytest.mark.parametrize(("shape", "reach"), [((100, 50, 3), 2), ((1120, 300, 3), 10)])
def test_the_reach_is_half_a_cell(shape: tuple[int, ...], reach: int) -> None:
    assert metrics.edge_reach(shape) == reach
