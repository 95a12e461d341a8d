"""Stages, memory and Redis' work of real jobs, size by size, on one core."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families

from cli.measuring.about import about
from cli.measuring.picture import scene
from cli.measuring.redis_cost import Counters, lives, watched
from cli.measuring.service import Subject, most_resident, processor_seconds, subject
from core.errors import StackError
from core.jobs import Job
from core.planning.rates import STAGES, Network, Rates, RedisCost, Size, Stage
from core.settings import Settings
from models import Catalogue

IDLE_SECONDS = 4.0
WARM_JOBS, REDIS_JOBS = 2, 60
MORE_CHILDREN = 4
"""Of a second worker, to tell what a child asks of Redis from what its parent asks."""
Picture = Callable[[float], bytes]
"""Of so many megapixels, to the bytes of a file."""
Say = Callable[[str], object]


class Sizes(NamedTuple):
    """Jobs of one size."""

    megapixels: float
    jobs: int
    fitted: bool


SIZES = (Sizes(1, 24, True), Sizes(4, 16, True), Sizes(12, 10, False), Sizes(24, 8, True))
"""Growing, for memory is measured as the most so far; half a minute in all."""


def measure_here(settings: Settings, say: Say = print) -> Rates:
    """Measure the network and the engine of the settings on this machine, for a minute.

    Raises:
        StackError: the service cannot run here.
    """
    measured = about("tintype plan --measure")
    network = measure_network(settings, scene, say=say)
    redis = measure_redis(settings, scene)
    return Rates(measured=measured, redis=redis, networks=(network,))


def measure_redis(settings: Settings, picture: Picture) -> RedisCost:
    """Count what Redis does for jobs of one megapixel, and for a worker that has none.

    Raises:
        StackError: the service cannot run here.
    """
    with subject(settings) as service:
        without = watched(service.redis, IDLE_SECONDS)
        size = lives(service)
        service.add_worker()
        idle = watched(service.redis, IDLE_SECONDS)
        source = service.put("redis", picture(1))
        service.colorize(source, WARM_JOBS)
        before = Counters.read(service.redis)
        service.colorize(source, REDIS_JOBS)
        spent = Counters.read(service.redis).since(before)
        service.add_worker(MORE_CHILDREN)
        more = watched(service.redis, IDLE_SECONDS)
    one = [with_one - with_none for with_one, with_none in zip(idle, without, strict=True)]
    other = [with_both - with_one for with_both, with_one in zip(more, idle, strict=True)]
    child = [max(0.0, (m - o) / (MORE_CHILDREN - 1)) for o, m in zip(one, other, strict=True)]
    worker = [max(0.0, o - c) for o, c in zip(one, child, strict=True)]
    return RedisCost(
        commands_per_job=max(0, spent.commands - spent.at * idle.commands) / REDIS_JOBS,
        trips_per_job=max(0, spent.trips - spent.at * idle.trips) / REDIS_JOBS,
        commands_per_worker_second=worker[1],
        trips_per_worker_second=worker[2],
        commands_per_child_second=child[1],
        trips_per_child_second=child[2],
        seconds_per_trip=size.seconds_per_trip,
        bytes_per_queued_job=size.queued,
        bytes_per_ended_job=size.ended,
    )


def measure_network(settings: Settings, picture: Picture, say: Say = print) -> Network:
    """Time jobs of each size, with the network and the engine of the settings.

    Raises:
        StackError: the service cannot run here.
    """
    model = Catalogue.from_settings(settings).default().name
    with subject(settings) as service:
        began = time.monotonic()
        service.add_worker()
        started = time.monotonic() - began
        service.colorize(service.put("warm", picture(1)), WARM_JOBS)
        busy = processor_seconds(service.worker)
        found = []
        for size in SIZES:
            found.append(_measure_size(service, picture(size.megapixels), size))
            say(f"{model}: {size.megapixels:g} MP take {found[-1].total * 1e3:.0f} ms on one core")
        busy = processor_seconds(service.worker) - busy
        engine, precision = _engine(service)
        return Network(
            model=model,
            engine=engine,
            precision=precision,
            start_seconds=started,
            parent_bytes=service.worker.memory_info().rss,
            processor_share=busy / sum(each.total * len(each.jobs) for each in found),
            sizes=tuple(found),
        )


def _measure_size(service: Subject, data: bytes, size: Sizes) -> Size:
    # The last one has nothing after it, so it is not counted.
    jobs = service.colorize(service.put(f"{size.megapixels:g}", data), size.jobs + 1)
    rows = [_stages(job, after) for job, after in pairwise(jobs)]
    return Size(
        megapixels=size.megapixels,
        fitted=size.fitted,
        source_bytes=len(data),
        result_bytes=jobs[-1].bytes or 0,
        memory_bytes=most_resident(service.child),
        stages={stage: tuple(row[stage] for row in rows) for stage in STAGES},
    )


def _stages(job: Job, after: Job) -> dict[Stage, float]:
    """Return the milliseconds of each stage, and until the next job has started."""
    if not (job.started and job.finished and after.started):
        raise StackError("a job has ended without a record of its time; measure again")
    run = (job.finished - job.started).total_seconds() * 1e3
    between = (after.started - job.finished).total_seconds() * 1e3
    said = job.timings.model_dump()
    found = {stage: said.get(f"{stage}_ms") or 0.0 for stage in STAGES}
    return found | {"other": max(0.0, run - sum(found.values())), "between": max(0.0, between)}


def _engine(service: Subject) -> tuple[str, str]:
    """Return the engine of the worker's child and its precision, as the worker's metrics say."""
    port = service.stack.settings.metrics_port
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").raise_for_status().text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "tintype_worker_engine_info":
                return sample.labels["engine"], sample.labels["precision"]
    raise StackError("the worker does not say which engine it has; see 'tintype doctor'")
