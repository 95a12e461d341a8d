"""All that a service does, over a cluster, by users that may do no more than that."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from redis.exceptions import NoPermissionError
from uuid_utils import uuid7

from cli.doctor import redis as redis_check
from cli.doctor.subject import Subject
from core.fleet import Drains, read_fleet, read_queues
from core.jobs import State
from core.namespace import key
from core.redis_client import connect
from tests.integration.conftest import child
from tests.integration.redis.conftest import Guarded
from tests.support.images import encoded, gradient
from tests.support.receivers import receiving, status
from tests.support.waiting import eventually
from tintype_client import Client, TintypeApiError

USERS = ("tintype-api", "tintype-worker", "tintype-webhooks", "tintype-broker")
FORBIDDEN = [
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "GET", "*"),
    ("CONFIG", "SET", "appendonly", "no"),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("DEBUG", "OBJECT", "{tintype}:totals"),
    ("SCRIPT", "FLUSH"),
    ("ACL", "LIST"),
    ("MONITOR",),
    ("SHUTDOWN", "NOSAVE"),
    ("GET", "{other}:job:1"),
    ("DEL", "news"),
    ("PUBLISH", "news", "x"),
]


@pytest.fixture
def anna(guarded: Guarded) -> Iterator[Client]:
    with Client(guarded.service.url, token=guarded.token, patience=20) as client:
        yield client


def test_all_that_clients_do(anna: Client, tmp_path: Path) -> None:
    photo = encoded(gradient())
    with receiving(status(200)) as receiver:
        job = anna.submit(photo, webhook=receiver.url, idempotency_key="once", wait=30)
        job = anna.wait(job, timeout=60)
        assert job.state == State.SUCCEEDED
        assert anna.submit(photo, filename="other.jpg", priority="high").state == State.QUEUED
        eventually(lambda: receiver.messages, 20, "the webhook")
    assert anna.download(job, tmp_path / "colour.jpg").stat().st_size
    assert [event.state for event in anna.iter_events(job)][-1] == State.SUCCEEDED
    again = anna.redecode(
        anna.wait(anna.submit(photo, options={"keep_distribution": True}), timeout=60),
        options={"saturation": 1.2},
    )
    assert anna.wait(again, timeout=60).state == State.SUCCEEDED
    assert len([*anna.jobs()]) >= 4


def test_batches_and_what_fails(guarded: Guarded, anna: Client) -> None:
    for number in range(3):
        guarded.service.put(f"scans/{number}.jpg", encoded(gradient(seed=number)))
    guarded.service.put("scans/broken.jpg", b"no picture")
    batch = anna.submit_batch("s3://tintype/scans/", "s3://tintype/colour/")
    anna.pause_batch(batch)
    anna.resume_batch(batch)
    batch = anna.wait(batch, timeout=60)
    assert len([*anna.batch_jobs(batch)]) == 4
    assert anna.report(batch).count(b"\n") >= 5
    anna.retry_failed(batch)
    assert anna.wait(batch, timeout=60).id == batch.id
    other = anna.submit_batch("s3://tintype/scans/", "s3://tintype/other/")
    assert anna.cancel_batch(other).id == other.id
    failed = anna.wait(anna.submit("s3://tintype/scans/broken.jpg"), timeout=60)
    assert failed.state == State.FAILED
    assert anna.wait(anna.retry(failed), timeout=60).state == State.FAILED
    anna.retry_many(code="broken_image")
    with suppress(TintypeApiError):  # It may have ended before.
        anna.cancel(anna.submit(encoded(gradient(seed=99))))
    assert len([*anna.batches()]) == 2


def test_what_people_look_at(guarded: Guarded) -> None:
    bearer = {"Authorization": f"Bearer {guarded.token}"}
    with httpx.Client(base_url=guarded.service.url, headers=bearer) as http:
        ready = http.get("/readyz").json()
        assert ready["checks"] == {"redis": "ok", "storage": "ok", "workers": "ok"}, ready
        for path in (
            "/v1/stats",
            f"/v1/queue?id={uuid7()}",
            "/v1/jobs?state=failed&code=broken_image",
        ):
            assert http.get(path).status_code == 200, path
        assert http.get("/v1/stats").headers["RateLimit"]
        assert "tintype_redis_up 1.0" in http.get("/metrics").text
        upload = http.post("/v1/uploads", json={"filename": "a.jpg", "bytes": 3}).json()
        assert http.delete(f"/v1/uploads/{upload['id']}").status_code == 204


def test_sessions_and_wrong_keys(guarded: Guarded) -> None:
    with httpx.Client(base_url=guarded.service.url) as http:
        assert http.post("/v1/session", json={"key": "tt_wrong"}).status_code == 401
        signed_in = http.post("/v1/session", json={"key": guarded.token})
        assert signed_in.status_code == 200
        token = {"X-CSRF-Token": signed_in.json()["csrf"]}
        assert http.get("/v1/jobs").status_code == 200
        assert http.delete("/v1/session", headers=token).status_code == 204


def test_a_worker_drains_and_another_goes_on(guarded: Guarded, anna: Client) -> None:
    waiting = [anna.submit(encoded(gradient(seed=9 + n))) for n in range(3)]
    worker = child(guarded.stack, "worker-1")
    worker.terminate()
    worker.wait()
    worker.start()
    assert {anna.wait(job, timeout=90).state for job in waiting} == {State.SUCCEEDED}


def test_the_doctor_asks_as_the_api(guarded: Guarded, tmp_path: Path) -> None:
    found = [*redis_check.examine(Subject(guarded.service.settings, tmp_path, guarded.service.url))]
    assert {"redis", "redis version", "redis persistence", "redis clock", "broker"} <= {
        finding.name for finding in found if finding.state == "ok"
    }


def test_operators_look_and_drain_as_the_api(guarded: Guarded) -> None:
    settings = guarded.service.settings
    with connect(settings.redis_url) as redis, connect(settings.broker) as broker:
        report = read_queues(redis, broker)
        assert (report.running, {line.messages for line in report.queues}) == (0, {0})
        (worker, *_) = read_fleet(redis).workers
        drains = Drains(redis)
        drains.drain(worker.host)
        assert drains.undo(worker.host)
        assert drains.mark(worker.host) is None


def test_nothing_of_that_was_denied_or_went_to_another_slot(guarded: Guarded) -> None:
    for server in (*guarded.nodes, guarded.broker):
        denied = {(each["username"], each["object"]) for each in server.acl_log()}
        assert not denied, "infra/redis/users.acl lacks something"
    calls = 0
    for node in guarded.nodes:
        errors = set(node.info("errorstats"))
        assert errors <= {"errorstat_ERR", "errorstat_NOSCRIPT"}, "of a slot elsewhere"
        calls += node.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0)
    assert calls > 100
    names = {name for node in guarded.nodes for name in node.keys("*")}
    assert all(str(name).startswith(key("")) for name in names)


@pytest.mark.parametrize("user", USERS)
def test_what_users_must_not_do(guarded: Guarded, user: str) -> None:
    url = guarded.service.settings.redis_url.replace("tintype-api", user)
    if user == "tintype-broker":
        url = guarded.service.settings.broker
    with connect(url, patience=0.5) as redis:
        assert redis.ping()
        for command in FORBIDDEN:
            with pytest.raises(NoPermissionError):
                redis.execute_command(*command)
