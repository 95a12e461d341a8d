import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.planning import STAGES, Line, fit
from core.planning.fit import fit_line
from tests.unit.core.planning.figures import network, size

VALUES = st.floats(0, 1e6)


@given(base=VALUES, slope=st.floats(1e-3, 1e4))
def test_points_on_a_line_give_that_line(base: float, slope: float) -> None:
    found = fit_line([(x, base + slope * x) for x in (1, 4, 24)])
    for x in (1, 4, 12, 24):
        assert found.at(x) == pytest.approx(base + slope * x, rel=1e-6)


@given(st.lists(st.tuples(st.floats(0.01, 1000), VALUES), min_size=2, max_size=6))
def test_no_size_ever_costs_less_than_nothing(points: list[tuple[float, float]]) -> None:
    found = fit_line(points)
    assert found.base >= 0
    assert found.slope >= 0


def test_the_relative_error_counts_not_the_largest_size() -> None:
    found = fit_line([(1, 1.0), (10, 10.0), (100, 200.0)])
    assert found.at(1) == pytest.approx(1, rel=0.2)


def test_what_grows_backwards_is_level() -> None:
    assert fit_line([(1, 4.0), (10, 2.0)]).slope == 0
    assert fit_line([(1, 0.0), (10, 0.0)]) == Line(0, 0)


def test_the_error_is_that_of_sizes_that_were_not_fitted() -> None:
    assert fit(network()).error == pytest.approx(0)
    slow = dict.fromkeys(STAGES, (240.0,))
    found = fit(network(sizes=(size(1), size(10, fitted=False, stages=slow), size(20))))
    assert found.error == pytest.approx(-0.5)
    assert list(found.tested) == [10]
    without = fit(network(sizes=(size(1), size(20))))
    assert without.error is None


def test_a_job_is_the_sum_of_its_stages() -> None:
    assert fit(network()).seconds(12) == pytest.approx(8 * 0.14)
    assert (fit(network()).smallest, fit(network()).largest) == (1, 20)
