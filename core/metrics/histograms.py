"""Histograms that are counted in Redis: two fields of a hash grow with each observation."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import HistogramMetricFamily

SUM = "sum"
INFINITE = "+Inf"
_MICRO = 1_000_000


@dataclass(frozen=True)
class Histogram:
    """Of seconds; its buckets never change while counts are kept, or they would mix."""

    field: str
    """What its fields in the hash begin with."""
    name: str
    """What Prometheus calls it."""
    help: str
    label: str
    """Name of its one label; empty: none."""
    bounds: Sequence[float]
    """Upper bounds of the buckets but the last, seconds, in their order."""

    def observation(self, seconds: float, label: str = "") -> dict[str, int]:
        """Return what one observation adds to which fields."""
        seconds = max(0.0, seconds)
        place = bisect_left(self.bounds, seconds)
        bound = str(self.bounds[place]) if place < len(self.bounds) else INFINITE
        start = f"{self.field}:{label}"
        return {f"{start}:{bound}": 1, f"{start}:{SUM}": round(seconds * _MICRO)}

    def family(self, counted: Mapping[tuple[str, ...], int]) -> HistogramMetricFamily:
        """Return it as Prometheus wants it.

        ``counted``: of the fields that are its own, by label and bound.
        """
        names = [self.label] if self.label else []
        family = HistogramMetricFamily(self.name, self.help, labels=names)
        for label in sorted({label for label, _ in counted}):
            total = 0
            buckets = []
            for bound in (*map(str, self.bounds), INFINITE):
                total += counted.get((label, bound), 0)
                buckets.append((bound, float(total)))
            seconds = counted.get((label, SUM), 0) / _MICRO
            family.add_metric([label] if self.label else [], buckets, seconds)
        return family


STAGES = Histogram(
    "stage",
    "tintype_job_stage_seconds",
    "Time that succeeded jobs took in each stage.",
    "stage",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0),
)
WAITS = Histogram(
    "wait",
    "tintype_job_wait_seconds",
    "Time from the creation of succeeded jobs to the start of their last attempt.",
    "",
    (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0),
)
REQUESTS = Histogram(
    "http_seconds",
    "tintype_http_request_seconds",
    "Time until the API began to answer; Prefer: wait waits in it.",
    "endpoint",
    (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0),
)
HISTOGRAMS = (STAGES, WAITS, REQUESTS)
