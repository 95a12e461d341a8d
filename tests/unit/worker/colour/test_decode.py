import numpy as np
import pytest

from worker.colour.decode import anneal, annealed_mean, rebalancing_bias

PALETTE = np.array([[-50, 0], [0, 0], [0, 60]], np.float32)


def _distribution(*p: float) -> np.ndarray:
    return np.array(p, np.float32).reshape(-1, 1, 1)


def test_temperature_1_is_the_plain_mean() -> None:
    ab = annealed_mean(_distribution(0.5, 0.25, 0.25), PALETTE, 1.0)
    assert ab[:, 0, 0] == pytest.approx([-25, 15], abs=1e-4)


def test_a_low_temperature_is_the_mode() -> None:
    ab = annealed_mean(_distribution(0.4, 0.25, 0.35), PALETTE, 0.01)
    assert ab[:, 0, 0] == pytest.approx([-50, 0], abs=0.1)


def test_the_papers_formula() -> None:
    p, temperature = np.array([0.2, 0.3, 0.5]), 0.38
    weights = np.exp(np.log(p) / temperature)
    expected = PALETTE.T @ weights / weights.sum()
    ab = annealed_mean(_distribution(*p), PALETTE, temperature)
    assert ab[:, 0, 0] == pytest.approx(expected, abs=1e-3)


def test_chroma_grows_as_temperature_falls() -> None:
    p = _distribution(0.6, 0.2, 0.2)
    chroma = [np.hypot(*annealed_mean(p, PALETTE, t)[:, 0, 0]) for t in (1, 0.7, 0.4, 0.1)]
    assert chroma == sorted(chroma)


def test_a_probability_of_zero_is_no_problem() -> None:
    ab = annealed_mean(_distribution(1.0, 0.0, 0.0), PALETTE, 0.38)
    assert ab[:, 0, 0] == pytest.approx([-50, 0])


PRIOR = np.array([0.1, 0.8, 0.1], np.float32)


def test_no_vividness_is_no_bias() -> None:
    assert not rebalancing_bias(PRIOR, 0).any()


def test_full_vividness_is_the_papers_rebalancing() -> None:
    weights = np.exp(rebalancing_bias(PRIOR, 1))
    expected = 1 / (0.5 * PRIOR + 0.5 / 3)
    assert weights == pytest.approx(expected, rel=1e-5)


def test_vividness_favours_rare_colours() -> None:
    p = _distribution(0.3, 0.6, 0.1)
    calm, vivid = (
        annealed_mean(p, PALETTE, 1.0, rebalancing_bias(PRIOR, vividness))[:, 0, 0]
        for vividness in (0.0, 1.0)
    )
    assert np.hypot(*vivid) > np.hypot(*calm)
    weights = np.array([0.3, 0.6, 0.1]) / (0.5 * PRIOR + 0.5 / 3)
    assert vivid == pytest.approx(weights @ PALETTE / weights.sum(), abs=1e-3)


@pytest.mark.parametrize("temperature", [1, 0.38])
@pytest.mark.parametrize("vividness", [0, 1])
def test_logarithms_give_what_probabilities_give(temperature: float, vividness: float) -> None:
    rng = np.random.default_rng(0)
    logs = rng.normal(size=(3, 40, 50)).astype(np.float32) * 3
    p = np.exp(logs) / np.exp(logs).sum(axis=0)
    bias = rebalancing_bias(PRIOR, vividness) if vividness else None
    before = logs.copy()
    for of in (annealed_mean, lambda each, _, *rest, **how: anneal(each, *rest, **how)):
        found = of(logs + 5, PALETTE, temperature, bias, logs=True)
        assert found == pytest.approx(of(p, PALETTE, temperature, bias), abs=1e-3)
    assert np.array_equal(logs, before)
    assert anneal(logs, temperature, bias, logs=True).sum(axis=0) == pytest.approx(1, abs=1e-5)
