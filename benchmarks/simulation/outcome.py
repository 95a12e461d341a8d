"""What came of a simulated run."""

from dataclasses import dataclass
from statistics import fmean, quantiles

from benchmarks.simulation.fleet import Fleet


@dataclass(frozen=True)
class Outcome:
    """Figures of a run, of the jobs after the first ones."""

    jobs_per_second: float
    wait_p50: float
    """Seconds from submission to the first start."""
    wait_p95: float
    wait_p99: float
    wait_mean: float
    sojourn: float
    """Mean seconds from submission to the end."""
    utilization: float
    """Share of the time that children had a job."""
    redis_commands: float
    """A second."""
    redis_share: float
    """Of Redis' one core."""
    storage_share: float
    """Of its bandwidth, in the direction that has more to do; 0 without a limit."""
    retried: int
    """Jobs that were started more than once."""
    failed: int


def outcome(fleet: Fleet, skip: float = 0.0) -> Outcome:
    """Return the figures; ``skip`` is the share of the jobs that come first and do not count."""
    ended = [job for job in fleet.jobs if job.finished is not None]
    counted = [job for job in ended[int(skip * len(ended)) :] if job.first_started is not None]
    waits = [(job.first_started or 0.0) - job.created for job in counted]
    cuts = quantiles(waits, n=100, method="inclusive") if len(waits) > 1 else waits * 99
    finished = sorted(job.finished for job in counted if job.finished is not None)
    seconds = fleet.env.now
    lives = fleet.lives + sum(worker.life_so_far() for worker in fleet.workers)
    return Outcome(
        (len(finished) - 1) / (finished[-1] - finished[0]) if finished[-1] > finished[0] else 0.0,
        cuts[49],
        cuts[94],
        cuts[98],
        fmean(waits),
        fmean((job.finished or 0.0) - job.created for job in counted),
        fleet.busy / lives if lives else 0.0,
        fleet.redis.asked / seconds if seconds else 0.0,
        min(1.0, fleet.redis.busy / seconds) if seconds else 0.0,
        min(1.0, max(fleet.link_in.busy, fleet.link_out.busy) / seconds) if seconds else 0.0,
        sum(job.attempt > 1 for job in ended),
        sum(job.failed for job in ended),
    )
