import base64
import hmac
import json
from time import time

import pytest
from redis import Redis

from core.batches import BatchRequest, BatchStore, Steps
from core.jobs import JobStore
from core.jobs.deliveries import Deliveries, DeliveryState
from tests.support.jobs import PROBLEM
from tests.support.receivers import receiving, status
from tests.unit.webhooks.conftest import KEY, Sending
from webhooks import sender as module


def test_the_receiver_gets_the_job_signed(sending: Sending, jobs: JobStore) -> None:
    with receiving() as receiver:
        delivery = sending.delivery(receiver.url + "?key=1")
        outcome = sending.send(delivery)
    [message] = receiver.messages
    assert message.path == "/hook?key=1"
    assert message.headers["content-type"] == "application/json"
    assert message.headers["user-agent"].startswith("Tintype/")
    assert message.headers["host"] in receiver.url
    job = jobs.get(delivery.job or "")
    assert json.loads(message.body) == {
        "type": "job.succeeded",
        "timestamp": job.model_dump(mode="json")["finished"],
        "data": job.model_dump(mode="json"),
    }
    assert outcome.state is DeliveryState.DELIVERED
    assert (outcome.attempt.status, outcome.attempt.error) == (200, None)


def test_the_receiver_can_verify_the_signature(sending: Sending) -> None:
    with receiving() as receiver:
        delivery = sending.delivery(receiver.url)
        sending.send(delivery)
    [message] = receiver.messages
    number, timestamp = message.headers["webhook-id"], message.headers["webhook-timestamp"]
    assert number == delivery.id
    assert abs(time() - int(timestamp)) < 60
    digest = hmac.new(KEY, f"{number}.{timestamp}.".encode() + message.body, "sha256").digest()
    expected = "v1," + base64.b64encode(digest).decode()
    assert message.headers["webhook-signature"] == expected


@pytest.mark.parametrize("number", [200, 201, 202, 204, 299])
def test_every_2xx_is_a_success(sending: Sending, number: int) -> None:
    with receiving(status(number)) as receiver:
        assert sending.to(receiver.url).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("number", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_any_other_answer_is_tried_again(sending: Sending, number: int) -> None:
    with receiving(status(number, Location="/elsewhere")) as receiver:
        outcome = sending.to(receiver.url)
    assert outcome.state is DeliveryState.PENDING
    assert 4 < outcome.again_in <= 5
    assert outcome.attempt.status == number
    assert len(receiver.messages) == 1, "a redirect is not followed"


def test_a_receiver_that_is_gone_is_left_alone(sending: Sending) -> None:
    with receiving(status(410)) as receiver:
        assert sending.to(receiver.url).state is DeliveryState.GONE


@pytest.mark.parametrize("number", [429, 503])
def test_a_busy_receiver_says_when_to_come_again(sending: Sending, number: int) -> None:
    with receiving(status(number, Retry_After="90")) as receiver:
        assert sending.to(receiver.url).again_in == 90


@pytest.mark.parametrize("text", ["soon", "-1", "1.5", "9" * 5000, "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wish_that_is_not_understood_is_not_heard(sending: Sending, text: str) -> None:
    with receiving(status(503, Retry_After=text)) as receiver:
        assert sending.to(receiver.url).again_in <= 5


def test_an_old_delivery_that_is_asked_for_is_tried_once(sending: Sending) -> None:
    with receiving(status(500), status(200)) as receiver:
        old = sending.old(receiver.url, hours=25)
        assert sending.send(old).state is DeliveryState.FAILED
        assert sending.send(old).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::1]"])
def test_a_private_address_fails_at_once(sending: Sending, host: str) -> None:
    outcome = sending.to(f"https://{host}:9/", allow="")
    assert outcome.state is DeliveryState.FAILED
    assert outcome.attempt.error
    assert "TINTYPE_WEBHOOK_ALLOW" in outcome.attempt.error


def test_the_delivery_of_a_job_that_is_forgotten_fails(sending: Sending, redis: Redis) -> None:
    with receiving() as receiver:
        delivery = sending.delivery(receiver.url)
        redis.delete(f"{{tintype}}:job:{delivery.job}")
        assert sending.send(delivery).state is DeliveryState.FAILED
    assert not receiver.messages


def test_a_job_that_cannot_be_read_is_tried_again_and_shows_nothing(
    sending: Sending, redis: Redis
) -> None:
    delivery = sending.delivery("http://127.0.0.1:9/")
    redis.hset(f"{{tintype}}:job:{delivery.job}", "spec", "damaged")
    outcome = sending.send(delivery)
    assert (outcome.state, outcome.attempt.error) == (DeliveryState.PENDING, module.UNEXPECTED)


def test_an_outcome_is_what_settles_a_delivery(sending: Sending, redis: Redis) -> None:
    with receiving(status(500)) as receiver:
        delivery = sending.delivery(receiver.url)
        Deliveries(redis).settle(delivery, *sending.send(delivery))
    [found] = Deliveries(redis).of_job(delivery.job or "")
    assert [each.status for each in found.tries] == [500]


def test_the_end_of_a_batch_is_told_with_the_batch(sending: Sending, redis: Redis) -> None:
    store = BatchStore(redis)
    with receiving() as receiver:
        webhook = {"url": receiver.url, "events": ["canceled"]}
        place = {"bucket": "photos", "prefix": "colour/"}
        order = {"source": {"bucket": "photos"}, "destination": place, "webhook": webhook}
        batch, _ = store.create(BatchRequest.model_validate_json(json.dumps(order)))
        store.cancel(batch.id)
        steps = Steps(redis, window=10, most_queued=0)
        step = steps.begin(batch.id)
        assert step
        assert steps.finish(step, reported=False, problem=PROBLEM)
        [delivery] = Deliveries(redis).of_batch(batch.id)
        assert sending.send(delivery).state is DeliveryState.DELIVERED
    [message] = receiver.messages
    assert json.loads(message.body) == {
        "type": "batch.canceled",
        "timestamp": delivery.model_dump(mode="json")["created"],
        "data": store.get(batch.id).model_dump(mode="json"),
    }
