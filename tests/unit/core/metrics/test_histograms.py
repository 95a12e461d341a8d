from collections import Counter

import pytest

from core.metrics.histograms import HISTOGRAMS, Histogram
from core.metrics.observed import observed

PLAIN = Histogram("h", "tintype_h_seconds", "help", "", (0.1, 1.0))


def counted(*seconds: float) -> dict[tuple[str, ...], int]:
    """Count observations as Redis does, and read them as they are read from there."""
    total: Counter[str] = Counter()
    for each in seconds:
        total.update(PLAIN.observation(each))
    return {tuple(field.split(":")[1:]): count for field, count in total.items()}


def test_buckets_hold_all_up_to_their_bound() -> None:
    samples = PLAIN.family(counted(0, 0.1, 0.11, 1, 1.5, 100)).samples
    found = {(sample.name, sample.labels.get("le")): sample.value for sample in samples}
    assert found == {
        ("tintype_h_seconds_bucket", "0.1"): 2,
        ("tintype_h_seconds_bucket", "1.0"): 4,
        ("tintype_h_seconds_bucket", "+Inf"): 6,
        ("tintype_h_seconds_count", None): 6,
        ("tintype_h_seconds_sum", None): pytest.approx(102.71),
    }


def test_a_clock_that_went_back_counts_as_no_time() -> None:
    assert PLAIN.observation(-5) == {"h::0.1": 1, "h::sum": 0}


@pytest.mark.parametrize("histogram", HISTOGRAMS, ids=lambda each: each.name)
def test_bounds_rise(histogram: Histogram) -> None:
    assert [*histogram.bounds] == sorted({*histogram.bounds})


def test_stages_that_were_not_passed_are_not_counted() -> None:
    counts = observed(1500.0, {"queued_ms": None, "fetch_ms": 12.0, "infer_ms": None})
    assert counts == {
        "wait::5.0": 1,
        "wait::sum": 1_500_000,
        "stage:fetch:0.025": 1,
        "stage:fetch:sum": 12_000,
    }
