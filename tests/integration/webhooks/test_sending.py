"""The service between a real Redis and receivers with real faults."""

from time import monotonic

import pytest
from redis import Redis

from core.jobs import Attempts, JobStore
from core.jobs.deliveries import Deliveries, DeliveryState
from core.settings import Settings
from tests.support import receivers
from tests.support.ended import delivery_comes_due, succeeded
from tests.support.receivers import receiving, status
from tests.support.waiting import eventually
from tests.support.webhooks import sending, settled, statuses
from webhooks import sender


def test_a_receiver_is_told_that_a_job_has_ended(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    with receiving() as receiver, sending(settings):
        began = monotonic()
        job = succeeded(jobs, attempts, receiver.url)
        delivery = settled(redis, job, DeliveryState.DELIVERED)
        assert monotonic() - began < 2
    assert statuses(delivery) == [200]
    assert [each.headers["webhook-id"] for each in receiver.messages] == [delivery.id]


def test_a_receiver_that_fails_is_told_again_some_seconds_later(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    with receiving(status(500), status(200)) as receiver, sending(settings):
        job = succeeded(jobs, attempts, receiver.url)
        delivery = settled(redis, job, DeliveryState.DELIVERED)
    assert statuses(delivery) == [500, 200]
    first, second = delivery.tries
    assert 4 < (second.at - first.at).total_seconds() < 7
    assert len({each.headers["webhook-id"] for each in receiver.messages}) == 1


def test_a_receiver_that_is_down_is_told_when_it_is_back(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings, closed_port: int
) -> None:
    with sending(settings):
        job = succeeded(jobs, attempts, f"http://127.0.0.1:{closed_port}/hook")
        waiting = settled(redis, job, DeliveryState.PENDING)
        assert [attempt.error for attempt in waiting.tries] == ["connection refused"]
        with receiving(port=closed_port):
            delivery_comes_due(redis, waiting)
            assert statuses(settled(redis, job, DeliveryState.DELIVERED)) == [None, 200]


@pytest.mark.parametrize(
    ("answer", "state", "number"),
    [
        (status(410), DeliveryState.GONE, 410),
        (status(302, Location="http://127.0.0.1:9/"), DeliveryState.PENDING, 302),
        (receivers.hang, DeliveryState.PENDING, None),
        (receivers.drip(b"HTTP/1.1 200 OK\r\n"), DeliveryState.PENDING, None),
    ],
)
def test_faults_end_as_they_should(
    redis: Redis,
    jobs: JobStore,
    attempts: Attempts,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    answer: receivers.Answer,
    state: DeliveryState,
    number: int | None,
) -> None:
    monkeypatch.setattr(sender, "TRY_SECONDS", 1.0)
    with receiving(answer) as receiver, sending(settings):
        job = succeeded(jobs, attempts, receiver.url)
        assert statuses(settled(redis, job, state)) == [number]


def test_a_private_address_is_never_called(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    strict = settings.model_copy(update={"webhook_allow": ""})
    with receiving() as receiver, sending(strict):
        job = succeeded(jobs, attempts, receiver.url)
        delivery = settled(redis, job, DeliveryState.FAILED)
    assert [attempt.error is not None for attempt in delivery.tries] == [True]
    assert not receiver.messages


def test_a_delivery_is_sent_again_on_demand(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    with receiving() as receiver, sending(settings):
        job = succeeded(jobs, attempts, receiver.url)
        delivery = settled(redis, job, DeliveryState.DELIVERED)
        Deliveries(redis).redeliver(delivery.id)
        eventually(lambda: len(receiver.messages) == 2, 20, "the second message")
        assert statuses(settled(redis, job, DeliveryState.DELIVERED)) == [200, 200]
