"""What a job takes: whole measured jobs are drawn, so that slow stages stay together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from core.planning import Size

COMPUTED = ("decode", "infer", "compose", "encode", "other")


class Work(NamedTuple):
    """Seconds of a job that meets nobody."""

    fetch: float
    compute: float
    store: float
    between: float
    """Until the same child can start its next job."""

    @property
    def total(self) -> float:
        """Return the seconds from the start of a job to that of the next one."""
        return sum(self)


@dataclass(frozen=True)
class Sharing:
    """Which shares of the time are a core's work; the rest is waiting, which nobody shares."""

    compute: float = 1.0
    around: float = 0.0
    """Of fetching, storing, and the time between jobs."""
    aside: float = 0.0
    """Seconds of a core that others need for each job while it runs: servers, parents."""


def samples(size: Size) -> Sequence[Work]:
    """Return what was measured of jobs of one size."""
    return [
        Work(
            job["fetch"],
            sum(stage for name, stage in job.items() if name in COMPUTED),
            job["store"],
            job["between"],
        )
        for job in size.jobs
    ]
