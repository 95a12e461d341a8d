"""What happens to jobs: each ends, once, whatever dies on the way."""

from collections import Counter
from collections.abc import Generator
from random import Random

import pytest
from simpy import Environment, Event

from benchmarks.simulation import (
    Cores,
    Failures,
    RedisDemand,
    Sharing,
    Work,
    at_once,
    bursts,
    outcome,
)
from benchmarks.simulation.worker import backoff
from core.jobs import Priority
from core.jobs.attempts import LEASE_SECONDS
from tests.unit.benchmarks.simulation.running import computing, every, make_fleet
from worker import patience


@pytest.mark.parametrize("attempts", [1, 3])
def test_no_job_is_lost_when_workers_die(attempts: int) -> None:
    failures = Failures(seconds_between_deaths=20, storage_errors=0.1, max_attempts=attempts)
    fleet = make_fleet(computing(0.5, 1.5), 5, children=2, failures=failures, start_seconds=3)
    fleet.submit_all(every(0.2), 2000)
    fleet.run()
    assert len(fleet.jobs) == fleet.ended == 2000
    assert all(job.ended for job in fleet.jobs)
    assert fleet.running <= 1
    found = outcome(fleet)
    assert found.failed > 0 if attempts == 1 else found.retried > found.failed
    assert {job.attempt for job in fleet.jobs if job.failed} <= {attempts}


def test_a_job_of_a_dead_worker_starts_again_when_its_lease_has_run_out() -> None:
    fleet = make_fleet(
        computing(50.0), failures=Failures(seconds_between_deaths=40, max_attempts=100)
    )
    fleet.submit_all(at_once(1), 1)
    fleet.run()
    (job,) = fleet.jobs
    assert job.attempt > 1
    assert job.finished is not None
    assert job.finished > (job.attempt - 1) * (LEASE_SECONDS - 2) + 50


def test_storage_that_is_down_sends_jobs_back_with_the_wait_of_the_product() -> None:
    fleet = make_fleet(computing(0.1), failures=Failures(storage_errors=0.9))
    fleet.submit_all(at_once(30), 30)
    fleet.run()
    assert sum(job.retries for job in fleet.jobs) > 30
    assert not any(job.failed for job in fleet.jobs)
    for retries in (0, 3, 40):
        product = patience.backoff(retries)
        assert backoff(retries, 0.5) <= product <= backoff(retries, 1)


def test_urgent_jobs_come_first_and_archives_are_not_starved() -> None:
    fleet = make_fleet(computing(1.0))
    priorities = tuple(Priority)
    fleet.submit_all(at_once(600), 600, priorities)
    fleet.run()
    mean = {
        each: sum(job.started or 0 for job in fleet.jobs if job.priority is each)
        for each in priorities
    }
    assert mean[Priority.HIGH] < mean[Priority.NORMAL] < mean[Priority.LOW]
    first = Counter(job.priority for job in fleet.jobs if (job.started or 0) < 100)
    assert first[Priority.LOW] >= 9


def test_jobs_that_compute_share_the_cores_and_jobs_that_wait_do_not() -> None:
    makespan = {}
    for share in (0.0, 1.0):
        fleet = make_fleet(computing(1.0), 4, cores=2, sharing=Sharing(compute=share))
        fleet.submit_all(at_once(40), 40)
        fleet.run()
        makespan[share] = fleet.env.now
    assert makespan == {0.0: pytest.approx(10), 1.0: pytest.approx(20)}


def test_cores_that_all_work_are_slower() -> None:
    env = Environment()
    cores = Cores(env, 4, slowdown=1.3)
    done = {}

    def task(name: str, at: float, seconds: float) -> Generator[Event, None, None]:
        yield env.timeout(at)
        yield cores.work(seconds)
        done[name] = env.now

    # One alone; two, a third of the way to all four; then eight on four.
    env.process(task("alone", 0, 1))
    for name in "ab":
        env.process(task(name, 10, 1))
    for number in range(8):
        env.process(task(str(number), 20, 1))
    env.run()
    assert done["alone"] == pytest.approx(1)
    assert done["a"] == done["b"] == pytest.approx(11.1)
    assert [done[str(number)] for number in range(8)] == pytest.approx([20 + 2 * 1.3] * 8)


def test_what_others_do_for_a_job_takes_the_same_cores() -> None:
    fleet = make_fleet(computing(1.0), 2, cores=2, sharing=Sharing(aside=1.0))
    fleet.submit_all(at_once(40), 40)
    fleet.run()
    assert fleet.env.now == pytest.approx(40, rel=0.05)


def test_redis_is_the_limit_of_many_workers() -> None:
    fleet = make_fleet(computing(0.1), 100, redis=RedisDemand(run=0.01, commands=10))
    fleet.keep_full(400, 3000)
    fleet.run()
    found = outcome(fleet, skip=0.2)
    assert found.jobs_per_second == pytest.approx(100, rel=0.03)
    assert found.redis_share > 0.97
    assert found.redis_commands == pytest.approx(100 * 10, rel=0.15)


def test_storage_is_the_limit_of_a_narrow_link() -> None:
    fleet = make_fleet(computing(0.1), 20, bytes_in=1e6, bytes_out=2e6, bandwidth=100e6)
    fleet.keep_full(60, 1000)
    fleet.run()
    found = outcome(fleet, skip=0.2)
    assert found.jobs_per_second == pytest.approx(50, rel=0.03)
    assert found.storage_share > 0.97


def test_a_worker_that_starts_works_when_its_network_is_warm() -> None:
    fleet = make_fleet(computing(1.0), 0, dispatch_seconds=0.25)
    fleet.add_worker(7)
    fleet.submit_all(at_once(2), 2)
    fleet.run()
    # The first waits with the child for each other; the second is taken at once.
    assert [job.started for job in fleet.jobs] == [7, 8]


def test_a_child_that_waits_takes_a_moment_to_get_a_job() -> None:
    fleet = make_fleet([Work(0.5, 1, 0.5, 0)], dispatch_seconds=0.25)
    fleet.submit_all(iter([10.0]), 1)
    fleet.run()
    assert fleet.jobs[0].started == 10.25
    assert fleet.jobs[0].finished == 12.25


def test_bursts_come_on_top_of_a_stream() -> None:
    moments = bursts(1.0, 100.0, 50, Random(1))
    found = [next(moments) for _ in range(400)]
    assert found == sorted(found)
    assert found.count(100.0) == found.count(200.0) == 50


def test_the_same_seed_gives_the_same_run() -> None:
    def finished() -> list[float | None]:
        fleet = make_fleet(computing(0.5, 1.5), 3, failures=Failures(seconds_between_deaths=30))
        fleet.submit_all(every(0.4), 200)
        fleet.run()
        return [job.finished for job in fleet.jobs]

    assert finished() == finished()
