from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from api.waiting import Waiters
from core.jobs import Attempts, JobRequest, JobStore, State
from core.objects import ObjectRef
from tests.support.jobs import PROBLEM, started
from tests.support.waiting import eventually
from tests.unit.api.conftest import Finish

SOURCE = {"bucket": "tintype", "key": "photos/a.jpg"}


@pytest.mark.parametrize(
    "prefer", ["wait=0", "wait", "wait=", "wait=-1", "wait=soon", "wait=٣", "respond-async", "=,;"]
)
def test_a_preference_that_is_no_time_is_ignored(client: FlaskClient, prefer: str) -> None:
    headers = {"Prefer": prefer.encode().decode("latin-1")}
    answer = client.post("/v1/jobs", json={"source": SOURCE}, headers=headers)
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers


def test_a_client_that_waits_is_answered_with_the_ended_job(
    client: FlaskClient, jobs: JobStore, finish: Finish
) -> None:
    def work() -> None:
        (job,) = eventually(lambda: jobs.list()[0], what="a job")
        finish(job.id, b"colour")

    with ThreadPoolExecutor() as pool:
        worker = pool.submit(work)
        answer = client.post("/v1/jobs", json={"source": SOURCE}, headers={"Prefer": "wait=50"})
        worker.result()
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=50"
    assert answer.json is not None
    assert answer.json["state"] == "succeeded"
    assert answer.location == f"/v1/jobs/{answer.json['id']}"


def test_a_client_that_waited_in_vain_is_answered_with_the_job_as_it_is(
    client: FlaskClient,
) -> None:
    answer = client.post("/v1/jobs", json={"source": SOURCE}, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["state"] == "queued"


def test_a_look_at_a_job_can_wait_too(client: FlaskClient, jobs: JobStore, finish: Finish) -> None:
    job = jobs.create(JobRequest(source=ObjectRef.model_validate(SOURCE)))
    with ThreadPoolExecutor() as pool:
        worker = pool.submit(finish, job.id, b"colour")
        answer = client.get(f"/v1/jobs/{job.id}", headers={"Prefer": "wait=50"})
        worker.result()
    assert answer.json is not None
    assert answer.json["state"] == "succeeded"
    assert answer.headers["Preference-Applied"] == "wait=50"


def test_when_too_many_wait_the_next_is_answered_at_once(
    jobs: JobStore, attempts: Attempts
) -> None:
    waiters = Waiters(most=1)
    job = jobs.create(JobRequest(source=ObjectRef.model_validate(SOURCE)))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(lambda: waiters.wait(jobs.get, job, 50))
        eventually(lambda: not waiters.wait(jobs.get, job, 0.01)[1], what="the first to wait")
        attempt = started(attempts, job.id)
        assert not first.done()
        assert attempts.fail(attempt, PROBLEM)
        ended, waited = first.result(timeout=30)
    assert waited
    assert ended.state is State.FAILED
