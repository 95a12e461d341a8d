"""Obeying a drain, with a stand-in for Celery's consumer."""

from collections.abc import Callable
from itertools import chain, repeat
from typing import Any

import pytest
from redis import Redis

from core import heartbeats
from core.fleet import Drains, ParentBeat
from core.jobs.base import restored_json
from core.namespace import key
from core.redis_client import connect
from worker.cordon import Cordon
from worker.presence import ParentPresence

QUEUES = ("again", "normal")


class Consumer:
    """Takes from queues; what is called soon is called at once."""

    def __init__(self) -> None:
        self.taken_from = set(QUEUES)
        self.task_consumer: Any = self

    def consuming_from(self, queue: str) -> bool:
        return queue in self.taken_from

    def cancel_task_queue(self, queue: str) -> None:
        self.taken_from.discard(queue)

    def add_task_queue(self, queue: str) -> None:
        self.taken_from.add(queue)

    def call_soon(self, what: Callable[[str], None], queue: str) -> None:
        what(queue)


@pytest.fixture
def drains(redis: Redis) -> Drains:
    """Of a Redis that knows one host, here."""
    redis.zadd(key(heartbeats.PARENTS), {"here:1": heartbeats.now(redis)})
    return Drains(redis)


@pytest.fixture
def consumer() -> Consumer:
    return Consumer()


@pytest.fixture
def cordon(drains: Drains, consumer: Consumer) -> Cordon:
    return Cordon(drains, "here", consumer, QUEUES)


def test_a_drained_host_takes_nothing_until_it_is_undone(
    drains: Drains, consumer: Consumer, cordon: Cordon
) -> None:
    cordon.look()
    assert (consumer.taken_from, cordon.obeys) == ({*QUEUES}, None)
    drains.drain("here")
    for _ in range(2):
        cordon.look()
    assert (consumer.taken_from, cordon.obeys) == (set(), drains.mark("here"))
    drains.undo("here")
    cordon.look()
    assert (consumer.taken_from, cordon.obeys) == ({*QUEUES}, None)


def test_what_is_undone_before_it_was_obeyed_leaves_no_worker_idle(
    drains: Drains, consumer: Consumer, cordon: Cordon
) -> None:
    drains.drain("here")
    cordon.look()
    assert (consumer.taken_from, cordon.obeys) == (set(), None)
    drains.undo("here")
    cordon.look()
    assert (consumer.taken_from, cordon.obeys) == ({*QUEUES}, None)


def test_what_somebody_else_has_cancelled_stays_so(consumer: Consumer, cordon: Cordon) -> None:
    consumer.cancel_task_queue("normal")
    cordon.look()
    assert consumer.taken_from == {"again"}


def test_a_worker_that_starts_on_a_drained_host_takes_nothing_at_all(
    drains: Drains, consumer: Consumer, cordon: Cordon
) -> None:
    drains.drain("here")
    cordon.begin()
    cordon.stop()
    assert (consumer.taken_from, cordon.obeys) == (set(), drains.mark("here"))


def test_a_worker_without_a_connection_does_not_say_that_it_obeys(
    drains: Drains, consumer: Consumer, cordon: Cordon
) -> None:
    drains.drain("here")
    consumer.task_consumer = None
    cordon.look()
    assert cordon.obeys is None
    consumer.task_consumer = consumer
    for _ in range(2):
        cordon.look()
    assert (consumer.taken_from, cordon.obeys) == (set(), drains.mark("here"))


def test_a_connection_that_comes_back_during_a_look_is_none_yet(
    drains: Drains, consumer: Consumer, cordon: Cordon, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = chain([None], repeat(consumer))
    monkeypatch.setattr(Consumer, "task_consumer", property(lambda _: next(seen)), raising=False)
    drains.drain("here")
    cordon.look()
    assert (consumer.taken_from, cordon.obeys) == ({*QUEUES}, None)


def test_a_worker_that_starts_while_redis_is_away_works(
    consumer: Consumer, closed_port: int
) -> None:
    with connect(f"redis://127.0.0.1:{closed_port}/0", patience=0.1) as away:
        cordon = Cordon(Drains(away), "here", consumer, QUEUES)
        cordon.begin()
        cordon.stop()
        cordon.join()
    assert consumer.taken_from == {*QUEUES}


def test_a_parent_says_which_mark_it_obeys_and_whether_it_stops(cordon: Cordon) -> None:
    presence = ParentPresence("w", cordon.taken_from, lambda: cordon.obeys, lambda: 2)
    said = restored_json(ParentBeat, presence.tell())
    assert (said.name, said.queues, said.taken, said.draining) == ("w", QUEUES, 2, False)
    cordon.obeys = "1"
    assert restored_json(ParentBeat, presence.tell()).draining
    cordon.obeys, presence.stopping = None, True
    said = restored_json(ParentBeat, presence.tell())
    assert (said.queues, said.draining) == ((), True)
