"""What a job that has succeeded adds to the histograms."""

from collections.abc import Mapping

from core.metrics.histograms import STAGES, WAITS


def observed(queued_ms: float | None, timings: Mapping[str, float | None]) -> dict[str, int]:
    """Return what to add to which totals: the wait, and each stage that was passed.

    ``timings``: milliseconds, by names such as ``fetch_ms``.
    """
    counts = {} if queued_ms is None else WAITS.observation(queued_ms / 1e3)
    for name, ms in timings.items():
        if ms is not None and name != "queued_ms":
            counts |= STAGES.observation(ms / 1e3, name.removesuffix("_ms"))
    return counts
