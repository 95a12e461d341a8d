"""Storage or Redis goes away and comes back: jobs wait, clients are told, nothing is lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from cli.stack import Stack, StackOptions
from cli.stack.child import Child
from core.jobs import State
from core.settings import Settings
from tests.integration.conftest import Service, child, frozen, running
from tests.support.images import encoded, gradient
from tests.support.waiting import eventually

PHOTO = encoded(gradient())


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(StackOptions(tmp_path / "stack"), Settings.load())


@pytest.fixture
def own(stack: Stack) -> Iterator[Service]:
    """A service of the test's own, whose servers it may stop."""
    with running(stack) as service:
        yield service


def _stop(process: Child) -> None:
    process.terminate()
    process.wait()


def _start(process: Child) -> None:
    process.start()
    process.wait_ready(60)


@contextmanager
def _supervised(stack: Stack) -> Iterator[None]:
    """Start again what dies, as ``tintype up`` does.

    Celery ends a worker whose connection breaks while it acknowledges a message.
    """
    thread = threading.Thread(target=stack.watch)
    thread.start()
    try:
        yield
    finally:
        stack.ask_to_stop()
        thread.join()


def test_a_job_waits_for_storage_and_then_succeeds(stack: Stack, own: Service) -> None:
    source = own.put("a.jpg", PHOTO)
    _stop(child(stack, "s3"))
    job = own.submit({"source": source.model_dump()})
    eventually(lambda: own.look(job).state is State.RUNNING, what="the start of the job")
    _start(child(stack, "s3"))
    ended = own.ended(job)
    assert ended.state is State.SUCCEEDED, ended.error
    assert ended.attempt == 1


def test_without_storage_clients_are_told_to_come_back(stack: Stack, own: Service) -> None:
    source = own.put("a.jpg", PHOTO)
    job = own.run(source)
    _stop(child(stack, "s3"))
    upload = own.request("POST", "/v1/jobs", fields={"file": ("a.jpg", PHOTO, "image/jpeg")})
    download = own.request("GET", f"/v1/jobs/{job.id}/result?download=1")
    ready = own.request("GET", "/readyz")
    for answer, code in (
        (upload, "storage_unavailable"),
        (download, "storage_unavailable"),
        (ready, "not_ready"),
    ):
        assert (answer.status, answer.json()["code"]) == (503, code)
        assert int(answer.headers["Retry-After"]) > 0
    assert "storage" in ready.json()["detail"]
    assert own.request("GET", "/healthz").status == 200


def test_redis_goes_and_comes_back_with_every_job(stack: Stack, own: Service) -> None:
    source = own.put("a.jpg", PHOTO)
    before = own.run(source)
    redis = child(stack, "redis")
    assert redis.process is not None
    redis.process.kill()
    redis.process.wait()
    order = {"source": source.model_dump()}
    for method, path, body in (
        ("POST", "/v1/jobs", order),
        ("GET", "/v1/jobs", None),
        ("GET", f"/v1/jobs/{before.id}", None),
    ):
        answer = own.request(method, path, json=body)
        assert (answer.status, answer.json()["code"]) == (503, "queue_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    checks = own.request("GET", "/readyz").json()["checks"]
    assert checks["storage"] == "ok"
    assert "TINTYPE_REDIS_URL" in checks["redis"]
    _start(redis)
    with _supervised(stack):
        eventually(lambda: own.request("GET", "/readyz").status == 200, what="readiness")
        assert own.look(before) == before
        after = own.run(source)
    assert after.state is State.SUCCEEDED, after.error


def test_storage_away_for_longer_than_a_jobs_patience_fails_it(tmp_path: Path) -> None:
    stack = Stack(StackOptions(tmp_path / "stack"), Settings(storage_patience=0.5))
    with running(stack) as own:
        source = own.put("a.jpg", PHOTO)
        _stop(child(stack, "s3"))
        job = own.run(source)
        assert job.error is not None
        assert (job.state, job.error.code) == (State.FAILED, "storage_unavailable")
        assert "TINTYPE_S3_ENDPOINT" in job.error.detail
        _start(child(stack, "s3"))
        assert own.run(source).state is State.SUCCEEDED


def test_a_frozen_redis_does_not_hold_clients_up(stack: Stack, own: Service) -> None:
    order = {"source": own.put("a.jpg", PHOTO).model_dump()}
    job = own.run(own.put("a.jpg", PHOTO))
    with frozen(child(stack, "redis")):
        for method, path, body in (
            ("GET", f"/v1/jobs/{job.id}", None),
            ("GET", "/readyz", None),
            ("POST", "/v1/jobs", order),
        ):
            answer = own.request(method, path, json=body, timeout=30)
            assert answer.status == 503
    eventually(lambda: own.request("GET", "/readyz").status == 200, what="readiness")
    assert own.look(job).attempt == 1


def test_a_client_that_waits_keeps_its_job_when_redis_goes(stack: Stack, own: Service) -> None:
    order = {"source": own.put("a.jpg", PHOTO).model_dump()}
    answers: list[urllib3.BaseHTTPResponse] = []

    def submit() -> None:
        wait = {"Prefer": "wait=50"}
        answers.append(own.request("POST", "/v1/jobs", json=order, headers=wait))

    with frozen(child(stack, "s3")):
        thread = threading.Thread(target=submit)
        thread.start()
        jobs = eventually(lambda: own.request("GET", "/v1/jobs?state=running").json()["jobs"])
        redis = child(stack, "redis")
        assert redis.process is not None
        redis.process.kill()
        redis.process.wait()
        thread.join()
    assert answers[0].status == 202
    assert answers[0].json()["id"] == jobs[0]["id"]
    assert "Preference-Applied" not in answers[0].headers
    _start(redis)
