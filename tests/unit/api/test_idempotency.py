import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from api.app import create_app
from core.jobs import Attempts, JobStore, State
from core.settings import Settings
from tests.support.images import encoded, gradient
from tests.unit.api.conftest import Finish
from tests.unit.api.test_jobs import SOURCE, queued

PHOTO = encoded(gradient())


def submit(client: FlaskClient, key: str, **order: Any) -> TestResponse:
    return client.post(
        "/v1/jobs", json={"source": SOURCE, **order}, headers={"Idempotency-Key": key}
    )


def upload(client: FlaskClient, key: str, data: bytes, name: str = "a.jpg") -> TestResponse:
    return client.post(
        "/v1/jobs", data={"file": (io.BytesIO(data), name)}, headers={"Idempotency-Key": key}
    )


def code(answer: TestResponse) -> str:
    assert answer.json is not None
    return str(answer.json["code"])


def test_the_same_request_again_is_the_same_job(client: FlaskClient, redis: Redis) -> None:
    first, second = submit(client, "one"), submit(client, "one")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    assert first.location == second.location
    assert len(queued(redis)) == 1


def test_another_key_or_none_is_another_job(client: FlaskClient, redis: Redis) -> None:
    answers = [submit(client, "one"), submit(client, "two")]
    answers += [client.post("/v1/jobs", json={"source": SOURCE}) for _ in range(2)]
    assert len({answer.location for answer in answers}) == 4
    assert len(queued(redis)) == 4


def test_the_same_key_with_another_request_is_refused(client: FlaskClient, redis: Redis) -> None:
    assert submit(client, "one").status_code == 202
    answer = submit(client, "one", options={"quality": 50})
    assert (answer.status_code, code(answer)) == (422, "idempotency_conflict")
    assert len(queued(redis)) == 1


def test_fields_in_another_order_are_the_same_request(client: FlaskClient) -> None:
    first = submit(client, "one", options={"quality": 50, "format": "png"})
    second = submit(client, "one", options={"format": "png", "quality": 50})
    assert first.location == second.location


def test_a_repeated_request_is_answered_with_the_job_as_it_is_now(
    client: FlaskClient, finish: Finish
) -> None:
    first = submit(client, "one")
    assert first.json is not None
    finish(first.json["id"], PHOTO)
    again = submit(client, "one")
    assert again.status_code == 200
    assert again.json is not None
    assert again.json["state"] == "succeeded"


def test_an_upload_is_one_job(client: FlaskClient, redis: Redis) -> None:
    first, second = upload(client, "up", PHOTO), upload(client, "up", PHOTO)
    assert first.json == second.json
    assert len(queued(redis)) == 1
    for other in (upload(client, "up", PHOTO + b"x"), upload(client, "up", PHOTO, "b.jpg")):
        assert (other.status_code, code(other)) == (422, "idempotency_conflict")


def test_fifty_equal_requests_at_once_make_one_job(
    settings: Settings, redis: Redis, jobs: JobStore
) -> None:
    app = create_app(settings)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: submit(app.test_client(), "race"), range(50)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.location for answer in answers}) == 1
    assert jobs.count(State.QUEUED) == 1
    assert len(queued(redis)) == 1


def test_a_key_is_remembered_for_a_day(client: FlaskClient, redis: Redis) -> None:
    submit(client, "one")
    (key,) = redis.scan_iter("{tintype}:idempotency:*")
    assert 86_000 < int(redis.ttl(key)) <= 86_400


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256])
def test_a_key_that_cannot_be_one_is_refused(client: FlaskClient, key: str) -> None:
    answer = submit(client, key)
    assert (answer.status_code, code(answer)) == (400, "bad_request")


def test_over_the_limit_no_more_are_accepted(settings: Settings, redis: Redis) -> None:
    client = create_app(settings.model_copy(update={"max_queued": 2})).test_client()
    first = submit(client, "first")
    assert submit(client, "second").status_code == 202
    for answer in (submit(client, "third"), upload(client, "fourth", PHOTO)):
        assert (answer.status_code, code(answer)) == (429, "queue_full")
        assert int(answer.headers["Retry-After"]) > 0
    # What has been accepted before is no new job.
    assert submit(client, "first").location == first.location
    assert len(queued(redis)) == 2


def test_there_is_room_again_when_a_job_has_started(
    settings: Settings, redis: Redis, attempts: Attempts
) -> None:
    client = create_app(settings.model_copy(update={"max_queued": 1})).test_client()
    first = submit(client, "first")
    assert first.json is not None
    assert submit(client, "second").status_code == 429
    assert attempts.start(first.json["id"], "host:1")
    assert submit(client, "second").status_code == 202
    assert len(queued(redis)) == 2


def test_without_a_limit_any_number_waits(settings: Settings, jobs: JobStore) -> None:
    client = create_app(settings.model_copy(update={"max_queued": 0})).test_client()
    for number in range(3):
        assert submit(client, str(number)).status_code == 202
    assert jobs.count(State.QUEUED) == 3
