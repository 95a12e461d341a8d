from datetime import UTC, datetime

import pytest
from redis import Redis

from core.errors import DeliveryNotFound
from core.jobs import Attempts, JobStore, Webhook
from core.jobs.deliveries import Deliveries, Delivery, DeliveryState, Try
from tests.support.ended import (
    DUE,
    delivery_comes_due,
    failed,
    only_delivery,
    succeeded,
)
from tests.support.jobs import REQUEST, sweeper
from tests.support.redis import grows_old

URL = "https://receiver.example/hook?key=1"
ATTEMPT = Try(at=datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), status=500, ms=12.345)


@pytest.fixture
def deliveries(redis: Redis) -> Deliveries:
    return Deliveries(redis)


@pytest.fixture
def delivery(redis: Redis, jobs: JobStore, attempts: Attempts) -> Delivery:
    """One that is due."""
    return only_delivery(redis, succeeded(jobs, attempts, URL))


def claimed(deliveries: Deliveries) -> list[str]:
    return [each.id for each in deliveries.claim(10, 60)]


def test_the_end_of_a_job_leaves_a_delivery(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    job = succeeded(jobs, attempts, URL)
    delivery = only_delivery(redis, job)
    assert (delivery.job, delivery.event, delivery.url) == (job.id, "job.succeeded", URL)
    assert (delivery.state, list(delivery.tries)) == (DeliveryState.PENDING, [])
    assert delivery.created == job.finished


def test_only_events_that_the_webhook_names_are_delivered(
    jobs: JobStore, attempts: Attempts, deliveries: Deliveries
) -> None:
    quiet = failed(jobs, attempts, Webhook(url=URL, events=("succeeded",)))
    told = failed(jobs, attempts, Webhook(url=URL, events=("failed", "canceled")))
    assert deliveries.of_job(quiet.id) == []
    assert [each.event for each in deliveries.of_job(told.id)] == ["job.failed"]


def test_a_canceled_job_is_told_too_and_a_job_without_webhook_is_not(
    jobs: JobStore, deliveries: Deliveries
) -> None:
    with_webhook, _ = jobs.accept(REQUEST, webhook=Webhook(url=URL))
    without = jobs.create(REQUEST)
    for job in (with_webhook, without):
        jobs.cancel(job.id)
    assert [each.event for each in deliveries.of_job(with_webhook.id)] == ["job.canceled"]
    assert deliveries.of_job(without.id) == []


def test_every_end_of_a_job_has_a_delivery_of_its_own(
    jobs: JobStore, attempts: Attempts, deliveries: Deliveries
) -> None:
    job = failed(jobs, attempts, Webhook(url=URL))
    jobs.retry(job.id)
    jobs.cancel(job.id)
    found = deliveries.of_job(job.id)
    assert [each.id for each in found] == [f"{job.id}.1", f"{job.id}.2"]
    assert [each.event for each in found] == ["job.failed", "job.canceled"]


def test_nobody_else_gets_a_delivery_that_is_claimed(
    redis: Redis, deliveries: Deliveries, delivery: Delivery
) -> None:
    assert claimed(deliveries) == [delivery.id]
    assert list(Deliveries(redis).claim(10, 60)) == []


def test_a_claim_takes_no_more_than_it_asks_for(
    jobs: JobStore, attempts: Attempts, deliveries: Deliveries
) -> None:
    made = [f"{succeeded(jobs, attempts, URL).id}.1" for _ in range(5)]
    claimed = [*deliveries.claim(2, 60), *deliveries.claim(10, 60)]
    assert sorted(each.id for each in claimed) == sorted(made)


def test_a_claim_that_is_not_settled_runs_out(
    redis: Redis, deliveries: Deliveries, delivery: Delivery
) -> None:
    deliveries.claim(10, 60)
    delivery_comes_due(redis, delivery)
    assert claimed(deliveries) == [delivery.id]


def test_a_try_is_kept_and_a_pending_delivery_waits(
    redis: Redis, deliveries: Deliveries, delivery: Delivery
) -> None:
    [delivery] = deliveries.claim(10, 60)
    deliveries.settle(delivery, ATTEMPT, DeliveryState.PENDING, again_in=300)
    assert list(deliveries.claim(10, 60)) == []
    delivery_comes_due(redis, delivery)
    [again] = deliveries.claim(10, 60)
    assert [each.model_dump(mode="json") for each in again.tries] == [
        {"at": "2026-01-02T03:04:05.678Z", "status": 500, "error": None, "ms": 12.35}
    ]


@pytest.mark.parametrize(
    "state", [DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.GONE]
)
def test_a_settled_delivery_leaves_the_queue(
    redis: Redis, deliveries: Deliveries, delivery: Delivery, state: DeliveryState
) -> None:
    [delivery] = deliveries.claim(10, 60)
    deliveries.settle(delivery, ATTEMPT, state)
    assert redis.zcard(DUE) == 0
    assert [each.state for each in deliveries.of_job(delivery.job or "")] == [state]


def test_a_delivery_that_is_put_back_has_no_try(
    redis: Redis, deliveries: Deliveries, delivery: Delivery
) -> None:
    deliveries.claim(10, 60)
    deliveries.postpone(delivery, 300)
    assert list(deliveries.claim(10, 60)) == []
    delivery_comes_due(redis, delivery)
    assert claimed(deliveries) == [delivery.id]


def test_what_is_settled_meanwhile_is_not_put_back(
    redis: Redis, deliveries: Deliveries, delivery: Delivery
) -> None:
    [delivery] = deliveries.claim(10, 60)
    deliveries.settle(delivery, ATTEMPT, DeliveryState.DELIVERED)
    deliveries.postpone(delivery, 0)
    assert redis.zcard(DUE) == 0


@pytest.mark.parametrize("state", list(DeliveryState))
def test_a_delivery_can_be_asked_for_again_whatever_came_of_it(
    deliveries: Deliveries, delivery: Delivery, state: DeliveryState
) -> None:
    [delivery] = deliveries.claim(10, 60)
    deliveries.settle(delivery, ATTEMPT, state, again_in=300)
    deliveries.redeliver(delivery.id)
    [again] = deliveries.claim(10, 60)
    assert (again.id, again.state, len(again.tries)) == (delivery.id, DeliveryState.PENDING, 1)


@pytest.mark.usefixtures("delivery")
def test_an_older_try_does_not_undo_what_came_after_it(
    redis: Redis, deliveries: Deliveries
) -> None:
    [slow] = deliveries.claim(10, 60)
    deliveries.redeliver(slow.id)
    [fast] = deliveries.claim(10, 60)
    deliveries.settle(fast, ATTEMPT, DeliveryState.DELIVERED)
    deliveries.settle(slow, ATTEMPT, DeliveryState.PENDING, again_in=5)
    [seen] = deliveries.of_job(slow.job or "")
    assert (seen.state, len(seen.tries), seen.due) == (DeliveryState.DELIVERED, 2, None)
    assert redis.zcard(DUE) == 0


def test_only_the_last_tries_are_kept(deliveries: Deliveries, delivery: Delivery) -> None:
    for number in range(60):
        deliveries.redeliver(delivery.id)
        [again] = deliveries.claim(10, 60)
        outcome = ATTEMPT.model_copy(update={"status": 200 + number})
        deliveries.settle(again, outcome, DeliveryState.PENDING, again_in=300)
    [seen] = deliveries.of_job(delivery.job or "")
    assert [each.status for each in seen.tries] == list(range(210, 260))
    assert seen.due is not None


def test_a_delivery_that_does_not_exist_cannot_be_asked_for(deliveries: Deliveries) -> None:
    with pytest.raises(DeliveryNotFound):
        deliveries.redeliver("no-such.1")


def test_deliveries_go_with_their_job(
    redis: Redis, deliveries: Deliveries, delivery: Delivery
) -> None:
    grows_old(redis, delivery.job or "")
    sweeper(redis).sweep()
    assert deliveries.of_job(delivery.job or "") == []
    assert list(deliveries.claim(10, 60)) == []
    deliveries.settle(delivery, ATTEMPT, DeliveryState.DELIVERED)
    assert not redis.exists(f"{{tintype}}:delivery:{delivery.id}")


def test_a_damaged_record_does_not_hide_the_others(
    redis: Redis, jobs: JobStore, attempts: Attempts, deliveries: Deliveries, delivery: Delivery
) -> None:
    redis.hset(f"{{tintype}}:delivery:{delivery.id}", "state", "odd")
    sound = succeeded(jobs, attempts, URL)
    assert [each.job for each in deliveries.claim(10, 60)] == [sound.id]
    assert deliveries.of_job(delivery.job or "") == []
