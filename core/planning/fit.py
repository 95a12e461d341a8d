"""Lines through measured sizes: so much for a job, and so much for each of its megapixels."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from core.planning.rates import STAGES, Network, Size, Stage


@dataclass(frozen=True)
class Line:
    """``base + slope * megapixels``; neither is negative."""

    base: float
    slope: float

    def at(self, megapixels: float) -> float:
        """Return the value for a size."""
        return self.base + self.slope * megapixels


def fit_line(points: Sequence[tuple[float, float]]) -> Line:
    """Fit a line to (megapixels, value) by least squares of the relative error.

    Relative, for else the largest size alone would decide. A base or slope that would be negative
    is 0: no size costs less than nothing.
    """
    if all(value <= 0 for _, value in points):
        return Line(0, 0)
    weighted = [(x, y, 1 / max(y, 1e-9) ** 2) for x, y in points]
    w = sum(weight for _, _, weight in weighted)
    wx = sum(weight * x for x, _, weight in weighted)
    wy = sum(weight * y for _, y, weight in weighted)
    wxx = sum(weight * x * x for x, _, weight in weighted)
    wxy = sum(weight * x * y for x, y, weight in weighted)
    spread = w * wxx - wx * wx
    slope = (w * wxy - wx * wy) / spread if spread > 1e-12 * w * wxx else 0.0
    base = (wy - slope * wx) / w
    if slope < 0:
        return Line(wy / w, 0)
    return Line(base, slope) if base >= 0 else Line(0, wxy / wxx)


@dataclass(frozen=True)
class Fit:
    """How a network's jobs grow with their size."""

    stages: Mapping[Stage, Line]
    """Seconds."""
    source_bytes: Line
    result_bytes: Line
    memory_bytes: Line
    smallest: float
    """Megapixels, of what was fitted."""
    largest: float
    error: float | None
    """Relative, of a job's seconds at sizes that were not fitted; None if there were none."""
    tested: tuple[float, ...]
    """Those sizes, in megapixels."""

    def seconds(self, megapixels: float) -> float:
        """Return the seconds from the start of a job to that of the next one."""
        return sum(line.at(megapixels) for line in self.stages.values())


def fit(network: Network) -> Fit:
    """Fit lines to the sizes that are for it, and hold them against the others."""
    used = [size for size in network.sizes if size.fitted]
    others = [size for size in network.sizes if not size.fitted]

    def line(value: Callable[[Size], float]) -> Line:
        return fit_line([(size.megapixels, value(size)) for size in used])

    stages = {stage: line(lambda size, stage=stage: size.seconds(stage)) for stage in STAGES}  # type: ignore[misc]

    def error(size: Size) -> float:
        return sum(each.at(size.megapixels) for each in stages.values()) / size.total - 1

    return Fit(
        stages,
        line(lambda size: size.source_bytes),
        line(lambda size: size.result_bytes),
        line(lambda size: size.memory_bytes),
        min(size.megapixels for size in used),
        max(size.megapixels for size in used),
        fmean(map(error, others)) if others else None,
        tuple(size.megapixels for size in others),
    )
