"""The model against what queueing theory knows exactly."""

from math import factorial
from random import Random

import pytest
from simpy import Environment

from benchmarks.simulation import Server, outcome, poisson
from tests.unit.benchmarks.simulation.running import computing, exponential, make_fleet

JOBS = 25_000


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a job has to wait (Erlang 1917); ``offered`` is the load in Erlang."""
    last = offered**servers / factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**k / factorial(k) for k in range(servers)) + last)


@pytest.mark.parametrize(("workers", "children"), [(1, 1), (2, 2)])
def test_markovian_jobs_wait_as_erlang_says(workers: int, children: int) -> None:
    servers, load = workers * children, 0.7
    works = exponential(1.0)
    mean = sum(work.total for work in works) / len(works)
    rate = load * servers / mean
    fleet = make_fleet(works, workers, children=children)
    fleet.submit_all(poisson(rate, Random(1)), JOBS)
    fleet.run()
    expected = erlang_c(servers, load * servers) * mean / (servers * (1 - load))
    found = outcome(fleet, skip=0.05)
    assert found.wait_mean == pytest.approx(expected, rel=0.12)
    assert found.utilization == pytest.approx(load, rel=0.03)
    assert found.jobs_per_second == pytest.approx(rate, rel=0.02)
    assert found.sojourn == pytest.approx(expected + mean, rel=0.06)


def test_jobs_of_one_length_wait_half_as_long() -> None:
    load = 0.8
    fleet = make_fleet(computing(1.0))
    fleet.submit_all(poisson(load, Random(1)), JOBS)
    fleet.run()
    assert outcome(fleet).wait_mean == pytest.approx(load / (2 * (1 - load)), rel=0.08)


def test_a_server_of_one_thread_is_the_same_queue() -> None:
    env = Environment()
    server, waits, load = Server(env), [], 0.8

    def visiting(at: float) -> object:
        yield env.timeout(at)
        waits.append(server.behind)
        yield server.visit(1.0)

    moments = poisson(load, Random(1))
    for _ in range(JOBS):
        env.process(visiting(next(moments)))  # type: ignore[arg-type]
    env.run()
    assert sum(waits) / JOBS == pytest.approx(load / (2 * (1 - load)), rel=0.08)
    assert server.asked == JOBS
    assert server.busy == pytest.approx(JOBS)


def test_shared_cores_keep_markovian_jobs_as_long_as_one_core_does() -> None:
    """M/M/1 with processor sharing: the mean sojourn is that of first come, first served."""
    load, works = 0.6, exponential(1.0)
    mean = sum(work.total for work in works) / len(works)
    fleet = make_fleet(works, workers=60, cores=1)
    fleet.submit_all(poisson(load / mean, Random(5)), JOBS)
    fleet.run()
    assert outcome(fleet, 0.05).sojourn == pytest.approx(mean / (1 - load), rel=0.08)
