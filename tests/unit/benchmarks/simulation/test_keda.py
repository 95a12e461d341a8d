"""KEDA's reaction, and that it never ends a busy worker."""

from itertools import chain

from benchmarks.simulation import Keda, Scaler, at_once
from benchmarks.simulation.scenarios import burst
from benchmarks.simulation.shape import Shape
from tests.unit.benchmarks.simulation.running import computing, every, make_fleet

KEDA = Keda(target=20, most=30)


def test_a_burst_is_met_and_nobody_is_interrupted() -> None:
    shape = Shape(computing(0.5, 2.5), children=2, start_seconds=4)
    found = burst(shape, KEDA, 3000, until=1500)
    assert found.interrupted == 0
    assert found.most_workers == 30
    # Not before the autoscaler has looked and the network is warm.
    assert 4 + KEDA.pod_seconds <= found.first_ready <= 4 + KEDA.pod_seconds + 16
    assert found.first_ready < found.most_ready < 120
    # 60 children at 1.5 seconds a job, after some ramp.
    assert 3000 / 40 < found.empty < 3000 / 40 + 120
    assert found.idle_hours > 0
    last = found.moments[-1]
    assert last.workers < 15


def test_workers_leave_only_when_their_jobs_have_ended() -> None:
    fleet = make_fleet(computing(20.0, 400.0), 0)
    scaler = Scaler(fleet, Keda(target=1, most=10, stabilization_seconds=0))
    fleet.submit_all(chain(at_once(10), (300.0 for _ in range(2))), 12)
    fleet.run(2000)
    assert fleet.ended == 12
    assert {job.attempt for job in fleet.jobs} == {1}
    # Some were asked to stop while they worked.
    assert any(each.ready > each.workers for each in scaler.moments)


def test_few_are_asked_to_stop_at_a_time() -> None:
    fleet = make_fleet(computing(1.0), 0)
    scaler = Scaler(fleet, Keda(target=5, most=16, stabilization_seconds=0))
    fleet.submit_all(chain(at_once(400), every(20)), 430)
    fleet.run()
    wanted = [each.workers for each in scaler.moments]
    top = max(wanted)
    assert top == 16
    for before, after in zip(wanted, wanted[60:], strict=False):
        assert after >= before - max(2, before // 4 + 1)


def test_with_nobody_there_the_first_worker_comes_at_kedas_own_look() -> None:
    fleet = make_fleet(computing(1.0), 0)
    Scaler(fleet, Keda(target=5, least=0, polling_seconds=40))
    fleet.submit_all(iter([1.0]), 1)
    fleet.run()
    started = fleet.jobs[0].started
    assert started == 40 + Keda(target=5).pod_seconds
