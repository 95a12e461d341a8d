"""A key sees its owner's jobs, batches and uploads, and nobody else's."""

import json

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from api import streams
from core.jobs import Attempts, JobRequest, JobStore, State
from core.jobs.uploads import Uploads, new_source
from core.keys import KeyStore
from core.objects import ObjectRef
from core.storage import Storage
from tests.support.jobs import PROBLEM, started, sweeper
from tests.support.keys import bearer, make_key
from tests.support.redis import grows_old
from tests.unit.api.auth.conftest import ORDER, User
from tests.unit.api.conftest import Finish

BATCH = {
    "source": {"bucket": "scans", "prefix": "1936/"},
    "destination": {"bucket": "results", "prefix": "1936/"},
}
OUT = {"bucket": "results", "prefix": "1936/"}
UPLOAD = {"filename": "a.tif", "bytes": 10, "content_type": "image/tiff"}
OF_JOB = [
    ("GET", ""),
    ("GET", "/result"),
    ("GET", "/events"),
    ("GET", "/deliveries"),
    ("POST", "/cancel"),
    ("POST", "/retry"),
    ("POST", "/redecode"),
    ("POST", "/deliveries/x.1/redeliver"),
]
OF_BATCH = [
    ("GET", ""),
    ("GET", "/jobs"),
    ("GET", "/report"),
    ("GET", "/deliveries"),
    ("POST", "/pause"),
    ("POST", "/resume"),
    ("POST", "/cancel"),
    ("POST", "/retry-failed"),
    ("POST", "/deliveries/x.1/redeliver"),
]
OF_UPLOAD = [("GET", ""), ("POST", "/complete"), ("DELETE", "")]


def refused(answer: TestResponse, unknown: TestResponse, ids: tuple[str, str]) -> None:
    """What is another's is answered as what is not there at all."""
    assert answer.status_code == unknown.status_code == 404
    assert answer.text.replace(*ids) == unknown.text


@pytest.mark.parametrize(("method", "rest"), OF_JOB)
def test_jobs_of_others_are_not_there(
    ann: User, bob: User, redis: Redis, method: str, rest: str
) -> None:
    job = ann.made("/v1/jobs", ORDER)["id"]
    other = job[:-1] + ("0" if job[-1] != "0" else "1")
    before = redis.hgetall(f"{{tintype}}:job:{job}")
    path, unknown = (f"/v1/jobs/{each}{rest}" for each in (job, other))
    refused(bob.ask(method, path), bob.ask(method, unknown), (job, other))
    assert redis.hgetall(f"{{tintype}}:job:{job}") == before


@pytest.mark.parametrize(("method", "rest"), OF_BATCH)
def test_batches_of_others_are_not_there(
    ann: User, bob: User, redis: Redis, method: str, rest: str
) -> None:
    batch = ann.made("/v1/batches", BATCH)["id"]
    other = batch[:-1] + ("0" if batch[-1] != "0" else "1")
    before = redis.hgetall(f"{{tintype}}:batch:{batch}")
    path, unknown = (f"/v1/batches/{each}{rest}" for each in (batch, other))
    refused(bob.ask(method, path), bob.ask(method, unknown), (batch, other))
    assert redis.hgetall(f"{{tintype}}:batch:{batch}") == before


@pytest.mark.parametrize(("method", "rest"), OF_UPLOAD)
def test_uploads_of_others_are_not_there(ann: User, bob: User, method: str, rest: str) -> None:
    upload = ann.made("/v1/uploads", UPLOAD)["id"]
    other = upload[:-1] + ("0" if upload[-1] != "0" else "1")
    path, unknown = (f"/v1/uploads/{each}{rest}" for each in (upload, other))
    refused(bob.ask(method, path), bob.ask(method, unknown), (upload, other))
    assert ann.ask("GET", f"/v1/uploads/{upload}").status_code == 200


def test_the_same_job_is_there_for_its_owner_and_for_admins(ann: User, admin: User) -> None:
    job = ann.made("/v1/jobs", ORDER)["id"]
    for user in (ann, admin):
        assert user.ask("GET", f"/v1/jobs/{job}").status_code == 200
    assert admin.ask("POST", f"/v1/jobs/{job}/cancel").status_code == 200


def test_what_others_made_without_keys_is_for_admins(
    client: FlaskClient, ann: User, admin: User
) -> None:
    made = client.post("/v1/jobs", json=ORDER).json
    assert made
    assert ann.ask("GET", f"/v1/jobs/{made['id']}").status_code == 404
    assert ann.listed("/v1/jobs") == []
    assert admin.listed("/v1/jobs") == [made["id"]]


def test_keys_of_one_owner_see_the_same_jobs(guarded: FlaskClient, redis: Redis) -> None:
    old, new = (User(guarded, bearer(redis, owner="archive")) for _ in range(2))
    job = old.made("/v1/jobs", ORDER)["id"]
    assert new.listed("/v1/jobs") == [job]


def test_lists_have_an_owners_own_alone_in_every_state(
    ann: User, bob: User, admin: User, attempts: Attempts, finish: Finish
) -> None:
    jobs = {user: [user.made("/v1/jobs", ORDER)["id"] for _ in range(6)] for user in (ann, bob)}
    for mine in jobs.values():
        started(attempts, mine[0])
        finish(mine[1], b"colour")
        attempts.fail(started(attempts, mine[2]), PROBLEM)
    for user, mine in jobs.items():
        assert user.ask("POST", f"/v1/jobs/{mine[3]}/cancel").status_code == 200
        assert user.listed("/v1/jobs") == mine[::-1]
        assert user.listed("/v1/jobs?state=running") == [mine[0]]
        assert user.listed("/v1/jobs?state=succeeded") == [mine[1]]
        assert user.listed("/v1/jobs?state=failed") == [mine[2]]
        assert user.listed(f"/v1/jobs?code={PROBLEM.code}") == [mine[2]]
        assert user.listed("/v1/jobs?code=timeout") == []
        assert user.listed("/v1/jobs?state=canceled") == [mine[3]]
        assert user.listed("/v1/jobs?state=queued") == [mine[5], mine[4]]
    assert len(admin.listed("/v1/jobs")) == 12


def test_retrying_many_takes_an_owners_own_alone(
    ann: User, bob: User, attempts: Attempts, jobs: JobStore
) -> None:
    failed = [user.made("/v1/jobs", ORDER)["id"] for user in (ann, bob)]
    for job in failed:
        attempts.fail(started(attempts, job), PROBLEM)
    assert ann.ask("POST", "/v1/jobs/retry", json={}).json == {"retried": 1, "more": False}
    assert [jobs.get(job).state for job in failed] == [State.QUEUED, State.FAILED]
    assert ann.listed(f"/v1/jobs?code={PROBLEM.code}") == []
    assert bob.listed(f"/v1/jobs?code={PROBLEM.code}") == [failed[1]]


def test_batches_are_listed_by_owner(ann: User, bob: User, admin: User) -> None:
    mine = [ann.made("/v1/batches", BATCH)["id"] for _ in range(3)]
    other = bob.made("/v1/batches", BATCH)["id"]
    assert ann.listed("/v1/batches") == mine[::-1]
    assert ann.listed("/v1/batches?state=expanding") == mine[::-1]
    assert bob.listed("/v1/batches") == [other]
    assert admin.listed("/v1/batches") == [other, *mine[::-1]]


@pytest.mark.parametrize(("path", "order"), [("/v1/jobs", ORDER), ("/v1/batches", BATCH)])
def test_idempotency_keys_of_two_owners_do_not_meet(
    ann: User, bob: User, path: str, order: object
) -> None:
    first = ann.made(path, order, **{"Idempotency-Key": "monday"})["id"]
    assert ann.made(path, order, **{"Idempotency-Key": "monday"})["id"] == first
    assert bob.made(path, order, **{"Idempotency-Key": "monday"})["id"] != first


def test_the_stream_of_all_events_has_an_owners_own_alone(
    ann: User, bob: User, admin: User, finish: Finish
) -> None:
    first = ann.made("/v1/jobs", ORDER)["id"]
    second = bob.made("/v1/jobs", ORDER)["id"]
    finish(second, b"colour")
    finish(first, b"colour")

    def seen(user: User, most: int) -> list[str]:
        # The oldest event is the first job's: everything after it is told.
        log = user.client.application.extensions["tintype"].events
        oldest = log._redis.xrange("{tintype}:events", count=1)[0][0]
        found: list[str] = []
        with user.ask("GET", "/v1/events", headers={"Last-Event-ID": oldest}) as answer:
            for chunk in answer.iter_encoded():
                found += [
                    json.loads(line.removeprefix("data: "))["id"]
                    for line in chunk.decode().splitlines()
                    if line.startswith("data: ")
                ]
                if len(found) >= most:
                    break
        return found

    assert set(seen(ann, 2)) == {first}
    assert set(seen(bob, 3)) == {second}
    assert set(seen(admin, 4)) == {first, second}


def test_an_upload_of_someone_else_is_no_source(ann: User, bob: User, admin: User) -> None:
    source = ann.made("/v1/uploads", UPLOAD)["source"]
    answer = bob.ask("POST", "/v1/jobs", json={"source": source})
    assert answer.status_code == 404
    assert answer.json
    assert answer.json["code"] == "source_not_found"
    assert ann.ask("POST", "/v1/jobs", json={"source": source}).status_code == 202
    assert admin.ask("POST", "/v1/jobs", json={"source": source}).status_code == 202


@pytest.mark.parametrize("folder", ["uploads/", "colorized/uploads/"])
def test_names_of_uploads_are_for_admins(
    ann: User, admin: User, storage: Storage, folder: str
) -> None:
    name = new_source("tintype", "a.jpg").key.removeprefix("uploads/")
    storage.store(ObjectRef(bucket="tintype", key=folder + name), b"bytes", "image/jpeg")
    above = folder.removesuffix("uploads/")
    for prefix in (above, folder.rstrip("/")):
        seen, all_of_it = (who.ask("GET", f"/v1/objects?prefix={prefix}") for who in (ann, admin))
        assert seen.json
        assert folder not in seen.json["folders"]
        assert all_of_it.json
        assert folder in all_of_it.json["folders"]
    for prefix in (folder, folder + name[:4], folder + name):
        batch = {"source": {"bucket": "tintype", "prefix": prefix}, "destination": OUT}
        for path, order in ((f"/v1/objects?prefix={prefix}", None), ("/v1/batches", batch)):
            method = "POST" if order else "GET"
            assert ann.ask(method, path, json=order).status_code == 403
            assert admin.ask(method, path, json=order).status_code in (200, 202)


def test_what_nobody_owns_has_nothing_of_owners_in_redis(
    client: FlaskClient, jobs: JobStore, redis: Redis
) -> None:
    job = jobs.create(JobRequest(source=ObjectRef(bucket="tintype", key="a.jpg")))
    Uploads(redis, 60).open(ObjectRef(bucket="tintype", key=f"uploads/{job.id}/a.jpg"), 1)
    assert client.post("/v1/batches", json=BATCH).status_code == 202
    assert not [*redis.scan_iter("{tintype}:owner:*")]
    for name in redis.scan_iter("{tintype}:*"):
        if redis.type(name) == "hash":
            assert "owner" not in redis.hgetall(name)


def test_clients_are_not_told_whose_it_is(ann: User) -> None:
    for path, order in (("/v1/jobs", ORDER), ("/v1/batches", BATCH), ("/v1/uploads", UPLOAD)):
        made = ann.made(path, order)
        assert not {"owner", "access", "quota"} & set(made)


def test_an_ended_job_leaves_no_trace_in_its_owners_lists(
    ann: User, attempts: Attempts, redis: Redis
) -> None:
    job = ann.made("/v1/jobs", ORDER)["id"]
    attempts.fail(started(attempts, job), PROBLEM)
    assert len([*redis.scan_iter("{tintype}:owner:*:jobs:*")]) == 2
    grows_old(redis, job)
    sweeper(redis).sweep()
    assert not [*redis.scan_iter("{tintype}:owner:*:jobs:*")]


def test_ids_that_can_be_none_are_not_found(client: FlaskClient) -> None:
    """They would name other keys of Redis."""
    batch = client.post("/v1/batches", json=BATCH).json
    assert batch
    for path in (f"/v1/batches/{batch['id']}:ticks", "/v1/batches/x%0ay", "/v1/jobs/%F0%9F%98%80"):
        assert client.get(path).status_code == 404


def test_a_stream_ends_when_its_key_is_revoked(
    guarded: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.1)
    key, text = make_key(redis)
    headers = {"Authorization": f"Bearer {text}"}
    with guarded.get("/v1/events", headers=headers) as answer:
        chunks = answer.iter_encoded()
        assert next(chunks)
        KeyStore(redis).revoke(key.id)
        assert [chunk for chunk in chunks if chunk != b": still here\n\n"] == []


def test_searches_and_places_in_the_queue_are_of_ones_own_jobs(
    ann: User, bob: User, admin: User
) -> None:
    job = ann.made("/v1/jobs", ORDER)["id"]
    place = f"/v1/queue?id={job}"
    assert ann.listed("/v1/jobs?key=PHOTOS/A") == admin.listed("/v1/jobs?key=PHOTOS/A") == [job]
    assert bob.listed("/v1/jobs?key=PHOTOS/A") == []
    assert [who.ask("GET", place).json for who in (ann, bob, admin)] == [
        {"ahead": {job: 0}},
        {"ahead": {}},
        {"ahead": {job: 0}},
    ]


def test_how_the_service_does_is_for_admins(ann: User, admin: User) -> None:
    assert ann.ask("GET", "/v1/stats").status_code == 403
    assert admin.ask("GET", "/v1/stats").status_code == 200
