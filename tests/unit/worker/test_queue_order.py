from collections import Counter
from pathlib import Path

import pytest
from kombu.utils.scheduling import cycle_by_name

from core.broker import AGAIN, BATCHES, MODEL, OWN, QUEUES
from core.jobs import Priority
from core.settings import Settings
from tests.support.standin import write_standin
from worker.queue_order import QueueOrder, queues_of

HIGH, NORMAL, LOW = (QUEUES[priority] for priority in Priority)
ALL = [LOW, AGAIN, NORMAL, HIGH]


@pytest.fixture
def order() -> QueueOrder:
    order = QueueOrder()
    order.update(ALL)
    return order


def takes(order: QueueOrder, count: int, full: set[str]) -> Counter[str]:
    """Take messages while some queues never run empty; return how many came from each."""
    taken: Counter[str] = Counter()
    for _ in range(count):
        queue = next(queue for queue in order.consume(len(ALL)) if queue in full)
        order.rotate(queue)
        taken[queue] += 1
    return taken


def test_kombu_finds_it_by_the_name_in_the_settings() -> None:
    assert isinstance(cycle_by_name("worker.queue_order:QueueOrder")(), QueueOrder)


def test_jobs_that_waited_already_come_first(order: QueueOrder) -> None:
    assert takes(order, 20, set(ALL)) == {AGAIN: 20}


def test_urgent_jobs_get_most_takes_and_no_queue_starves(order: QueueOrder) -> None:
    assert takes(order, 100, {HIGH, NORMAL, LOW}) == {HIGH: 70, NORMAL: 20, LOW: 10}


def test_an_urgent_job_waits_for_hardly_any_other(order: QueueOrder) -> None:
    assert takes(order, 100, {NORMAL, LOW}) == {NORMAL: 90, LOW: 10}
    waited = 0
    while (queue := order.consume(len(ALL))[1]) != HIGH:
        order.rotate(queue)
        waited += 1
    assert waited <= 1


def test_every_queue_is_looked_into_each_time(order: QueueOrder) -> None:
    for _ in range(10):
        assert sorted(order.consume(len(ALL))) == sorted(ALL)
        order.rotate(HIGH)


def test_queues_that_others_name_come_last(order: QueueOrder) -> None:
    order.update([*ALL, "another"])
    assert order.consume(5)[-1] == "another"


def test_a_worker_of_one_priority_still_takes_what_is_everybodys() -> None:
    order = QueueOrder()
    order.update([LOW, BATCHES, AGAIN])
    for _ in range(10):
        assert list(order.consume(3)) == [AGAIN, BATCHES, LOW]
        order.rotate(LOW)


def test_a_worker_looks_into_the_queues_of_its_networks_and_of_no_others(tmp_path: Path) -> None:
    write_standin(tmp_path / "mine")
    queues = queues_of(Settings(models_dir=tmp_path))
    assert set(queues) == {
        *(AGAIN, OWN, BATCHES, *QUEUES.values()),
        *(f"{MODEL}mine", f"{MODEL}tint-small"),
    }


def test_jobs_that_were_handed_over_come_after_urgent_ones_and_before_others(
    order: QueueOrder,
) -> None:
    mine = f"{MODEL}mine"
    order.update([*ALL, mine])
    assert takes(order, 20, {HIGH, NORMAL, LOW, mine}) == {HIGH: 14, mine: 6}
    assert takes(order, 20, {NORMAL, LOW, mine}) == {mine: 20}
    assert takes(order, 20, {*ALL, mine}) == {AGAIN: 20}
