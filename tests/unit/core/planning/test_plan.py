"""What it takes, reckoned by hand, and what must hold for every plan."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import PlanImpossible
from core.planning import STAGES, Demand, Layout, Plan, plan_for, time_with
from core.planning.plan import DAY
from tests.unit.core.planning.figures import REDIS, network, size

DEMAND = Demand(images=1_000_000, megapixels=10)
HOW = Layout(children=4, utilization=0.8)
IMAGES = st.integers(1, 10**9)
MEGAPIXELS = st.floats(0.01, 100)
DAYS = st.floats(0.5, 3650)
HOWS = st.builds(Layout, children=st.integers(1, 16), utilization=st.floats(0.05, 1))


def made(demand: Demand = DEMAND, days: float = 1, how: Layout = HOW) -> Plan:
    return plan_for(demand, days * DAY, network(), REDIS, how)


def test_workers_are_those_that_the_rate_needs() -> None:
    plan = made()
    # 8 stages of 120 ms each; 11.57 images a second; 11.1 cores busy, 13.9 at 80 %.
    assert plan.seconds_per_image == pytest.approx(0.96)
    assert plan.images_per_second == pytest.approx(11.574, rel=1e-4)
    assert (plan.workers.count, plan.workers.cores) == (4, 16)
    assert plan.workers.images_per_second == pytest.approx(16 / 0.96)
    assert plan.workers.busy == pytest.approx(11.574 * 0.96 / 16, rel=1e-4)


def test_memory_is_that_of_parents_and_children() -> None:
    workers = made().workers
    assert workers.memory_per_child == pytest.approx(300e6)
    assert workers.memory_per_worker == pytest.approx(100e6 + 4 * 300e6)
    assert workers.memory == pytest.approx(4 * 1300e6)


def test_traffic_is_what_was_measured_or_what_is_said() -> None:
    traffic = made().traffic
    assert traffic.bytes_in == pytest.approx(2e12)
    assert traffic.bytes_out == pytest.approx(3e12)
    assert traffic.requests == 3_000_000
    assert traffic.mean_in == pytest.approx(2e12 / DAY)
    assert traffic.peak_out == pytest.approx(16 / 0.96 * 3e6)
    told = made(replace(DEMAND, source_bytes=5, result_bytes=7)).traffic
    assert (told.bytes_in, told.bytes_out) == (5e6, 7e6)


def test_redis_has_jobs_and_idle_workers_to_do() -> None:
    redis = made().redis
    assert redis.commands_per_second == pytest.approx(1157.4 + 4 * (40 + 4 * 2), rel=1e-4)
    assert redis.core_share == pytest.approx(0.011574 + 4 * 9e-4, rel=1e-4)
    assert redis.peak_core_share == pytest.approx(16 / 0.96 * 1e-3 + 4 * 9e-4)
    assert redis.queue_bytes == 100_000 * 1500
    assert redis.kept_bytes == pytest.approx(1_000_000 * 2000)
    assert redis.batch_bytes == 2000 * 3500


def test_a_queue_without_limit_holds_all_of_it() -> None:
    assert made(how=replace(HOW, max_queued=0)).redis.queue_bytes == 1_000_000 * 1500


def test_what_is_kept_is_what_ends_in_that_time() -> None:
    redis = made(days=10, how=replace(HOW, kept_seconds=DAY)).redis
    assert redis.kept_bytes == pytest.approx(100_000 * 2000)


@given(IMAGES, MEGAPIXELS, DAYS, HOWS)
def test_a_plan_is_enough_and_not_more_than_one_worker_too_much(
    images: int, megapixels: float, days: float, how: Layout
) -> None:
    demand = Demand(images, megapixels)
    try:
        plan = made(demand, days, how)
    except PlanImpossible:
        return
    assert plan.workers.busy <= how.utilization * (1 + 1e-9)
    fewer = (plan.workers.count - 1) * how.children / plan.seconds_per_image * how.utilization
    assert fewer < plan.images_per_second * (1 + 1e-9)


@given(IMAGES, IMAGES, MEGAPIXELS, MEGAPIXELS, DAYS, DAYS, HOWS)
def test_more_to_do_never_takes_less(
    images: int,
    others: int,
    megapixels: float,
    more: float,
    days: float,
    longer: float,
    how: Layout,
) -> None:
    small = Demand(min(images, others), min(megapixels, more))
    large = Demand(max(images, others), max(megapixels, more))
    try:
        hard = made(large, min(days, longer), how)
    except PlanImpossible:
        return
    easy = made(small, max(days, longer), how)
    assert easy.workers.count <= hard.workers.count
    assert easy.workers.memory <= hard.workers.memory
    assert easy.traffic.bytes_in <= hard.traffic.bytes_in
    assert easy.redis.queue_bytes <= hard.redis.queue_bytes


@given(IMAGES, MEGAPIXELS, st.integers(1, 1000), HOWS)
def test_workers_take_as_long_as_they_are_planned_for(
    images: int, megapixels: float, workers: int, how: Layout
) -> None:
    demand = Demand(images, megapixels)
    there = time_with(demand, workers, network(), REDIS, how)
    assert there.workers.count == workers
    assert there.workers.busy == pytest.approx(how.utilization)
    # A little longer, so that rounding asks for none more.
    back = plan_for(demand, there.seconds * (1 + 1e-9), network(), REDIS, how)
    assert back.workers.count == workers


def test_what_nobody_could_run_is_impossible() -> None:
    with pytest.raises(PlanImpossible, match="allow more days"):
        made(Demand(10**12, 100), days=0.001)
    nothing = dict.fromkeys(STAGES, (0.0,))
    void = network(sizes=(size(1, stages=nothing), size(20, stages=nothing)))
    with pytest.raises(PlanImpossible, match="took no time"):
        plan_for(DEMAND, DAY, void, REDIS, HOW)


def test_sizes_that_were_not_measured_are_named() -> None:
    assert not made(Demand(10, 10)).extrapolated
    assert made(Demand(10, 0.5)).extrapolated
    assert made(Demand(10, 50)).extrapolated
