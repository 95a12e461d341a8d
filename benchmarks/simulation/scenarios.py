"""Fleets of measured workers: how far they grow, what bursts and failures do to them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from random import Random
from statistics import fmean
from typing import Any

from simpy import Environment

from benchmarks.simulation.arrivals import poisson
from benchmarks.simulation.fleet import Fleet
from benchmarks.simulation.keda import Keda, Moment, Scaler
from benchmarks.simulation.outcome import Outcome, outcome
from benchmarks.simulation.shape import Failures, RedisDemand, Shape
from benchmarks.simulation.work import samples
from core.errors import RatesMissing
from core.planning import Network, Size
from core.planning.rates import RedisCost

LOAD = 0.8
"""Of the jobs that a fleet can do at most, in the runs that measure delays."""
LEAST_JOBS, JOBS_A_CHILD = 4000, 12
SUBMIT_SHARE = 1 / 6
"""Of a job's trips to Redis: recording and queueing it, two of twelve."""
SEED = 1


@dataclass(frozen=True)
class Row:
    """What a fleet of some workers does."""

    workers: int
    most: Outcome
    """With the queue always full."""
    usual: Outcome
    """With four fifths of the jobs that it can do at most, at random moments."""
    efficiency: float
    """Jobs a second of a worker, as a share of what one alone does."""
    limit: str
    """What keeps it from doing more."""

    def as_json(self) -> dict[str, Any]:
        """Return it for a JSON file."""
        return asdict(self)


def size_of(network: Network, megapixels: float) -> Size:
    """Return what was measured of one size.

    Raises:
        RatesMissing: that size was not measured.
    """
    for size in network.sizes:
        if size.megapixels == megapixels:
            return size
    known = ", ".join(f"{size.megapixels:g}" for size in network.sizes)
    raise RatesMissing(f"{megapixels:g} MP were not measured, but {known} were")


def shape_of(
    network: Network,
    size: Size,
    redis: RedisCost,
    children: int,
    bandwidth: float | None = None,
) -> Shape:
    """Return what a fleet on machines of its own is like, with a core for each child."""
    demand = RedisDemand(
        submit=redis.seconds_per_job * SUBMIT_SHARE,
        run=redis.seconds_per_job * (1 - SUBMIT_SHARE),
        idle=redis.idle_seconds(children),
        commands=redis.commands_per_job,
        idle_commands=redis.idle_commands(children),
    )
    return Shape(
        samples(size),
        children=children,
        redis=demand,
        start_seconds=network.start_seconds,
        bytes_in=size.source_bytes,
        bytes_out=size.result_bytes,
        bandwidth=bandwidth,
    )


def make_fleet(shape: Shape, workers: int, seed: int = SEED) -> Fleet:
    """Return a fleet whose workers are warm."""
    fleet = Fleet(Environment(), shape, Random(seed))  # noqa: S311
    for _ in range(workers):
        fleet.add_worker(0)
    return fleet


def growing(shape: Shape, counts: Sequence[int]) -> Iterator[Row]:
    """Simulate fleets of more and more workers."""
    alone: float | None = None
    for count in counts:
        most = at_most(shape, count)
        usual = usually(shape, count, most)
        alone = alone or most.jobs_per_second / count
        efficiency = most.jobs_per_second / count / alone
        yield Row(count, most, usual, efficiency, _limit(most, efficiency))


def at_most(shape: Shape, workers: int) -> Outcome:
    """Simulate a fleet whose queue is always full."""
    fleet = make_fleet(shape, workers)
    children = workers * shape.children
    fleet.keep_full(2 * children, _jobs(children))
    fleet.run()
    return outcome(fleet, skip=0.25)


def usually(shape: Shape, workers: int, most: Outcome) -> Outcome:
    """Simulate a fleet with less to do than it could."""
    fleet = make_fleet(shape, workers)
    moments = poisson(LOAD * most.jobs_per_second, Random(SEED))  # noqa: S311
    fleet.submit_all(moments, _jobs(workers * shape.children))
    fleet.run()
    return outcome(fleet, skip=0.25)


def _jobs(children: int) -> int:
    return max(LEAST_JOBS, JOBS_A_CHILD * children)


def _limit(most: Outcome, efficiency: float) -> str:
    if most.redis_share > 0.95:
        return "Redis"
    if most.storage_share > 0.95:
        return "storage"
    return "workers" if efficiency > 0.9 else "waiting for Redis or storage"


@dataclass(frozen=True)
class Burst:
    """What KEDA makes of many jobs at once."""

    at: float
    jobs: int
    moments: Sequence[Moment]
    first_ready: float
    """Seconds from the burst until a new worker works."""
    most_ready: float
    """Until nine tenths of the most workers work."""
    empty: float
    """Until nothing waits any more."""
    most_workers: int
    idle_hours: float
    """Hours of workers that had nothing to do, from the empty queue to the end."""
    interrupted: int
    """Jobs that had to be started again; none should be."""


def burst(shape: Shape, keda: Keda, jobs: int, at: float = 120.0, until: float = 1800.0) -> Burst:
    """Simulate a stream that half of one worker could do, and a burst on top of it."""
    fleet = Fleet(Environment(), shape, Random(SEED))  # noqa: S311
    scaler = Scaler(fleet, keda)
    rate = 0.5 * shape.children / fmean(work.total for work in shape.works)
    stream = islice(poisson(rate, Random(SEED)), round(rate * until))  # noqa: S311
    moments = sorted(chain(stream, (at for _ in range(jobs))))
    fleet.submit_all(moments, len(moments))
    fleet.run(until)
    seen = scaler.moments
    after = [each for each in seen if each.at > at]
    top = max(each.ready for each in after)
    few = shape.children
    # In the second of the burst its jobs may still be on their way into the queue.
    full = next(each.at for each in after if each.waiting > jobs / 2)
    empty = next((each.at for each in after if each.at > full and each.waiting <= few), until)
    idle = sum(each.ready * shape.children - each.running for each in after if each.at > empty)
    return Burst(
        at,
        jobs,
        seen,
        next(each.at for each in after if each.ready > keda.least) - at,
        next(each.at for each in after if each.ready >= 0.9 * top) - at,
        empty - at,
        top,
        max(0, idle) / shape.children / 3600,
        sum(job.attempt > 1 for job in fleet.jobs),
    )


def failing(shape: Shape, workers: int, failures: Failures) -> tuple[Outcome, Outcome]:
    """Simulate the same fleet and stream without failures and with them."""
    most = at_most(shape, workers)
    return usually(shape, workers, most), usually(replace(shape, failures=failures), workers, most)
