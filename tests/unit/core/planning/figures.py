"""Figures as if measured: round ones, of which one can reckon the plan by hand."""

from typing import Any

from core.planning import STAGES, Network, Rates, Size
from core.planning.rates import Measured, RedisCost

REDIS = RedisCost(
    commands_per_job=100,
    trips_per_job=10,
    commands_per_worker_second=40,
    trips_per_worker_second=5,
    commands_per_child_second=2,
    trips_per_child_second=1,
    seconds_per_trip=1e-4,
    bytes_per_queued_job=1500,
    bytes_per_ended_job=2000,
)


def size(megapixels: float, fitted: bool = True, jobs: int = 3, **changes: Any) -> Size:
    """20 ms and 10 ms a megapixel in each of the eight stages."""
    ms = 20 + 10 * megapixels
    content: dict[str, Any] = {
        "megapixels": megapixels,
        "fitted": fitted,
        "source_bytes": 200_000 * megapixels,
        "result_bytes": 300_000 * megapixels,
        "memory_bytes": 200e6 + 10e6 * megapixels,
        "stages": dict.fromkeys(STAGES, (ms,) * jobs),
    }
    return Size(**content | changes)


def network(**changes: Any) -> Network:
    """A network with three sizes, of which one is for testing the fit."""
    content: dict[str, Any] = {
        "model": "tint-small",
        "engine": "openvino",
        "precision": "f32",
        "start_seconds": 5,
        "parent_bytes": 100e6,
        "processor_share": 1,
        "sizes": (size(1), size(10, fitted=False), size(20)),
    }
    return Network(**content | changes)


def rates(*networks: Network) -> Rates:
    """All of it, on an idle machine."""
    measured = Measured(date="2026-11-26", command="a test", processor="abacus", cores=2, load=0)
    return Rates(measured=measured, redis=REDIS, networks=networks or (network(),))
