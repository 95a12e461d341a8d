"""From what is to be done to what it takes: workers, memory, storage traffic, Redis."""

from dataclasses import dataclass
from math import ceil

from core.errors import PlanImpossible
from core.planning.fit import Fit, fit
from core.planning.rates import Network, RedisCost

DAY = 86_400.0
MOST_WORKERS = 100_000
GETS, LISTS, PUTS = 1, 1, 1
"""Requests to storage of a job whose destination is named; see ``worker.runner``."""


@dataclass(frozen=True)
class Demand:
    """What is to be done."""

    images: int
    megapixels: float
    """Of one image."""
    source_bytes: float | None = None
    """Of one image; None: what images of this size had when they were measured."""
    result_bytes: float | None = None


@dataclass(frozen=True)
class Layout:
    """How the service is run."""

    children: int = 4
    """Of one worker, each with a core and a loaded network."""
    utilization: float = 0.8
    """Share of the time that children are meant to work; the rest is for what comes amiss."""
    max_queued: int = 100_000
    """Jobs that may wait (``TINTYPE_MAX_QUEUED``)."""
    kept_seconds: float = 7 * DAY
    """How long ended jobs are remembered (``TINTYPE_JOB_TTL``)."""
    batch_window: int = 2000
    """Jobs of a batch that wait or run, and ended ones known (``TINTYPE_BATCH_WINDOW``)."""


@dataclass(frozen=True)
class Workers:
    """The processes that colorize."""

    count: int
    cores: int
    """Of all together."""
    images_per_second: float
    """When all of them work without a pause."""
    busy: float
    """Share of the time that they work, if the images take as long as planned."""
    memory_per_child: float
    """Bytes, at the most."""
    memory_per_worker: float
    memory: float


@dataclass(frozen=True)
class Traffic:
    """What goes through the storage; bytes, and requests, both for all images."""

    bytes_in: float
    """Sources, which workers read."""
    bytes_out: float
    """Results, which they write."""
    requests: int
    mean_in: float
    """Bytes a second, over the whole time."""
    mean_out: float
    peak_in: float
    """Bytes a second while every worker works."""
    peak_out: float


@dataclass(frozen=True)
class RedisLoad:
    """What Redis has to do and to hold; peaks are those while every worker works."""

    commands_per_second: float
    peak_commands_per_second: float
    core_share: float
    """Of the one core that Redis works with."""
    peak_core_share: float
    queue_bytes: float
    """Of as many jobs as may wait."""
    kept_bytes: float
    """Of ended jobs that are remembered."""
    batch_bytes: float
    """Of both, if the images are a batch: of that, Redis knows a window."""


@dataclass(frozen=True)
class Plan:
    """What it takes."""

    demand: Demand
    layout: Layout
    seconds: float
    """For all images."""
    images_per_second: float
    """On average."""
    seconds_per_image: float
    """Of one child on one core."""
    workers: Workers
    traffic: Traffic
    redis: RedisLoad
    fit: Fit

    @property
    def extrapolated(self) -> bool:
        """Whether images are smaller or larger than all that were measured."""
        return not self.fit.smallest <= self.demand.megapixels <= self.fit.largest


def plan_for(
    demand: Demand, seconds: float, network: Network, redis: RedisCost, how: Layout
) -> Plan:
    """Return how many workers it takes to be done in time.

    Raises:
        PlanImpossible: more than 100,000, or images that took no time when they were measured.
    """
    rate = demand.images / seconds
    each = _seconds_per_image(network, demand)
    count = ceil(rate * each / how.utilization / how.children)
    if count > MOST_WORKERS:
        raise PlanImpossible(
            f"{demand.images:,} images in {seconds / DAY:g} days take {count:,} workers, more than "
            f"{MOST_WORKERS:,}; allow more days"
        )
    return _planned(demand, seconds, max(1, count), network, redis, how)


def time_with(
    demand: Demand, workers: int, network: Network, redis: RedisCost, how: Layout
) -> Plan:
    """Return how long so many workers take, which work for their share of the time.

    Raises:
        PlanImpossible: images took no time when they were measured.
    """
    each = _seconds_per_image(network, demand)
    seconds = demand.images * each / (workers * how.children * how.utilization)
    return _planned(demand, seconds, workers, network, redis, how)


def _seconds_per_image(network: Network, demand: Demand) -> float:
    each = fit(network).seconds(demand.megapixels)
    if each <= 0:
        raise PlanImpossible(f"{network.label} took no time when it was measured; measure again")
    return each


def _planned(
    demand: Demand, seconds: float, count: int, network: Network, redis: RedisCost, how: Layout
) -> Plan:
    found = fit(network)
    each, rate = found.seconds(demand.megapixels), demand.images / seconds
    fastest = count * how.children / each
    child = found.memory_bytes.at(demand.megapixels)
    worker = network.parent_bytes + how.children * child
    workers = Workers(
        count, count * how.children, fastest, rate / fastest, child, worker, count * worker
    )
    return Plan(
        demand,
        how,
        seconds,
        rate,
        each,
        workers,
        _traffic(demand, found, rate, fastest),
        _redis_load(demand, redis, how, rate, workers),
        found,
    )


def _traffic(demand: Demand, found: Fit, rate: float, fastest: float) -> Traffic:
    source, result = demand.source_bytes, demand.result_bytes
    source = found.source_bytes.at(demand.megapixels) if source is None else source
    result = found.result_bytes.at(demand.megapixels) if result is None else result
    return Traffic(
        demand.images * source,
        demand.images * result,
        demand.images * (GETS + LISTS + PUTS),
        rate * source,
        rate * result,
        fastest * source,
        fastest * result,
    )


def _redis_load(
    demand: Demand, redis: RedisCost, how: Layout, rate: float, workers: Workers
) -> RedisLoad:
    """Return the load: that of jobs, and that of workers that are merely there."""
    idle = workers.count * redis.idle_commands(how.children)
    idle_share = workers.count * redis.idle_seconds(how.children)
    fastest = workers.images_per_second
    return RedisLoad(
        rate * redis.commands_per_job + idle,
        fastest * redis.commands_per_job + idle,
        rate * redis.seconds_per_job + idle_share,
        fastest * redis.seconds_per_job + idle_share,
        min(demand.images, how.max_queued or demand.images) * redis.bytes_per_queued_job,
        min(demand.images, rate * how.kept_seconds) * redis.bytes_per_ended_job,
        min(demand.images, how.batch_window)
        * (redis.bytes_per_queued_job + redis.bytes_per_ended_job),
    )
