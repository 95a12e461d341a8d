"""Cancel, retry, priorities, and dead letters."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from core.jobs import Attempts, Job, JobRequest, JobStore, Priority, Stage, State
from core.objects import ObjectRef
from core.settings import Settings
from tests.support.jobs import PROBLEM, started
from tests.support.redis import DUE
from tests.unit.api.conftest import Finish
from tests.unit.api.test_jobs import SOURCE, queued

REQUEST = JobRequest(source=ObjectRef(bucket="tintype", key="photos/a.jpg"))
NOBODY = "0198c0de-0000-7000-8000-000000000000"


def body(answer: Any) -> Any:
    assert answer.json is not None
    return answer.json


def failed(jobs: JobStore, attempts: Attempts, code: str = "timeout") -> Job:
    job = jobs.create(REQUEST)
    attempts.fail(started(attempts, job.id), PROBLEM.model_copy(update={"code": code}))
    return job


def test_canceling_is_idempotent(client: FlaskClient, jobs: JobStore) -> None:
    job = jobs.create(REQUEST)
    answers = [client.post(f"/v1/jobs/{job.id}/cancel") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json == answers[1].json
    assert body(answers[0])["state"] == "canceled"


def test_a_job_that_stores_its_result_may_still_succeed(
    client: FlaskClient, jobs: JobStore, attempts: Attempts
) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    attempts.enter(attempt, Stage.STORE)
    answer = client.post(f"/v1/jobs/{attempt.job.id}/cancel")
    assert (answer.status_code, body(answer)["state"]) == (202, "running")


def test_what_a_state_does_not_allow_is_a_conflict(
    client: FlaskClient, jobs: JobStore, finish: Finish
) -> None:
    job = jobs.create(REQUEST)
    assert client.post(f"/v1/jobs/{job.id}/retry").status_code == 409
    finish(job.id, b"colour")
    for action in ("cancel", "retry"):
        answer = client.post(f"/v1/jobs/{job.id}/{action}")
        assert (answer.status_code, body(answer)["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_an_unknown_job_is_not_found(client: FlaskClient, action: str) -> None:
    answer = client.post(f"/v1/jobs/{NOBODY}/{action}")
    assert (answer.status_code, body(answer)["code"]) == (404, "job_not_found")


def test_a_retried_job_is_in_the_queue_again(
    client: FlaskClient, jobs: JobStore, attempts: Attempts, redis: Redis
) -> None:
    job = failed(jobs, attempts)
    answer = client.post(f"/v1/jobs/{job.id}/retry")
    assert (answer.status_code, body(answer)["state"]) == (202, "queued")
    assert [arguments for _, arguments in queued(redis)] == [[job.id]]
    assert not redis.exists(DUE)


def test_dead_letters_are_listed_and_retried_by_their_code(
    client: FlaskClient, jobs: JobStore, attempts: Attempts, redis: Redis
) -> None:
    dead = [failed(jobs, attempts, code).id for code in ("timeout", "broken_image", "timeout")]
    listed = client.get("/v1/jobs?state=failed&code=timeout")
    assert [job["id"] for job in body(listed)["jobs"]] == [dead[2], dead[0]]
    answer = client.post("/v1/jobs/retry", json={"code": "timeout"})
    assert (answer.status_code, answer.json) == (202, {"retried": 2, "more": False})
    assert {arguments[0] for _, arguments in queued(redis)} == {dead[0], dead[2]}
    assert jobs.get(dead[1]).state is State.FAILED


def test_as_many_are_retried_as_were_asked_for(
    client: FlaskClient, jobs: JobStore, attempts: Attempts
) -> None:
    for _ in range(3):
        failed(jobs, attempts)
    answer = client.post("/v1/jobs/retry", json={"limit": 2})
    assert answer.json == {"retried": 2, "more": True}
    assert client.post("/v1/jobs/retry", json={}).json == {"retried": 1, "more": False}


def test_a_retry_of_many_ends_where_the_queue_is_full(
    settings: Settings, jobs: JobStore, attempts: Attempts
) -> None:
    client = create_app(settings.model_copy(update={"max_queued": 1})).test_client()
    dead = [failed(jobs, attempts) for _ in range(2)]
    assert client.post("/v1/jobs/retry", json={}).json == {"retried": 1, "more": True}
    for job in dead:
        if jobs.get(job.id).state is State.FAILED:
            assert client.post(f"/v1/jobs/{job.id}/retry").status_code == 429


@pytest.mark.parametrize("wanted", [{"limit": 0}, {"limit": 10_001}, {"state": "failed"}, []])
def test_a_filter_that_makes_no_sense_is_refused(client: FlaskClient, wanted: object) -> None:
    answer = client.post("/v1/jobs/retry", json=wanted)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("query", ["state=queued&code=timeout", "code=a:b", "code=", "code=A"])
def test_a_query_for_a_code_that_no_job_can_have_is_refused(
    client: FlaskClient, query: str
) -> None:
    assert client.get(f"/v1/jobs?{query}").status_code == 422


@pytest.mark.parametrize("priority", Priority)
def test_each_priority_has_its_queue(client: FlaskClient, redis: Redis, priority: Priority) -> None:
    answer = client.post("/v1/jobs", json={"source": SOURCE, "priority": priority})
    assert body(answer)["priority"] == priority
    assert [arguments for _, arguments in queued(redis, priority)] == [[body(answer)["id"]]]


def test_an_unknown_priority_is_refused(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", json={"source": SOURCE, "priority": "urgent"})
    assert (answer.status_code, body(answer)["code"]) == (422, "invalid_request")
