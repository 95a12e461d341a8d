"""Notifications of buckets become jobs, over a real Valkey."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from api.bucket_events import MOST_BYTES
from core.errors import InvalidSetting
from core.jobs import Attempts, JobStore, Priority
from tests.support.events import (
    TEST_EVENT,
    eventbridge_message,
    minio_message,
    s3_message,
    s3_record,
    seaweedfs_message,
    sns_message,
)
from tests.support.jobs import started
from tests.support.sns import (
    TOPIC,
    signed,
)
from tests.unit.api.conftest import BEARER, RULES, Hooked
from tests.unit.api.test_jobs import queued
from tests.unit.api.test_openapi import assert_fits

NOTHING = {"jobs": [], "ignored": 0, "refused": []}


def post(client: FlaskClient, body: object, headers: dict[str, str] | None = None) -> TestResponse:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    given = BEARER if headers is None else headers
    return client.post("/v1/hooks/s3", data=text, headers=given, content_type="text/plain")


def made(answer: TestResponse) -> list[str]:
    """The ids of the jobs of an answer that tells of nothing else."""
    assert answer.status_code == 200, answer.data
    assert answer.json is not None
    assert (answer.json["ignored"], answer.json["refused"]) == (0, [])
    return [*answer.json["jobs"]]


def problem(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, answer.json["code"]


@pytest.mark.parametrize(
    "message",
    [
        s3_message("1936/a b.jpg"),
        minio_message("1936/a b.jpg"),
        eventbridge_message("1936/a b.jpg"),
        seaweedfs_message("/buckets/scans/1936/a b.jpg"),
        sns_message(TOPIC, s3_message("1936/a b.jpg")) | {"Timestamp": "2026-11-25T04:00:00Z"},
    ],
)
def test_an_event_becomes_the_job_of_its_rule(
    hook: FlaskClient, jobs: JobStore, redis: Redis, message: dict[str, Any]
) -> None:
    answer = post(hook, message)
    (job_id,) = made(answer)
    job = jobs.get(job_id)
    assert str(job.source) == "s3://scans/1936/a b.jpg"
    assert str(job.destination) == "s3://scans/colour/1936/a b.jpg.png"
    assert job.options.format == "png"
    assert [arguments for _, arguments in queued(redis)] == [[job_id]]
    assert_fits(hook.get("/openapi.json").json or {}, answer.json, "EventAnswer")


def test_a_rule_gives_the_priority(hook: FlaskClient, redis: Redis, jobs: JobStore) -> None:
    (job_id,) = made(post(hook, s3_message("high/a.jpg")))
    assert [arguments for _, arguments in queued(redis, Priority.HIGH)] == [[job_id]]
    assert jobs.get(job_id).destination is None


def test_the_same_event_again_is_the_same_job(hook: FlaskClient, redis: Redis) -> None:
    first = made(post(hook, s3_message("a.jpg")))
    assert made(post(hook, s3_message("a.jpg"))) == first
    assert made(post(hook, s3_message("a.jpg", "a.jpg"))) == first
    assert len(queued(redis)) == 1


def test_the_same_event_stays_the_same_when_its_job_has_ended(
    hook: FlaskClient, attempts: Attempts
) -> None:
    first = made(post(hook, s3_message("a.jpg")))
    started(attempts, first[0])
    assert made(post(hook, s3_message("a.jpg"))) == first


def test_another_write_another_object_and_another_rule_are_other_jobs(
    hook: FlaskClient, hooked: Hooked
) -> None:
    ids = made(post(hook, s3_message("a.jpg", "b.jpg")))
    ids += made(post(hook, s3_message("a.jpg", sequencer="0055AED6DCD90281E6")))
    ids += made(post(hooked(RULES.replace("png", "webp")), s3_message("a.jpg")))
    assert len(set(ids)) == 4


def test_no_idempotency_key_of_a_client_meets_an_event(hook: FlaskClient, redis: Redis) -> None:
    made(post(hook, s3_message("a.jpg")))
    (name,) = redis.scan_iter("{tintype}:idempotency:*")
    assert 86_000 < int(redis.ttl(name)) <= 86_400
    order = {"source": {"bucket": "scans", "key": "a.jpg"}}
    key = {"Idempotency-Key": '["bucket event", "scans"]'}
    assert problem(hook.post("/v1/jobs", json=order, headers=key)) == (400, "bad_request")


@pytest.mark.parametrize(
    "message",
    [
        s3_message("a.svg"),
        s3_message("colour/a.jpg"),
        s3_message("colorized/a.jpg"),
        s3_message("a.jpg", bucket="others"),
        s3_message("a.jpg", event="ObjectRemoved:Delete"),
        eventbridge_message("a.jpg", kind="Object Deleted"),
        s3_message("a.jpg", bucket="Not A Bucket"),
    ],
)
def test_what_no_rule_is_for_is_counted(
    hook: FlaskClient, jobs: JobStore, message: dict[str, Any]
) -> None:
    answer = post(hook, message)
    assert answer.status_code == 200
    assert answer.json == NOTHING | {"ignored": 1}
    assert jobs.list() == ([], None)


def test_the_event_of_a_result_makes_no_job(hook: FlaskClient, jobs: JobStore) -> None:
    for key in ("a.jpg", "high/a.jpg"):
        (job_id,) = made(post(hook, s3_message(key)))
        destination = jobs.get(job_id).destination
        result = destination.key if destination else f"colorized/{key}.0123456789ab.jpg"
        answer = post(hook, s3_message(result, sequencer="0055AED6DCD90281E7"))
        assert answer.json == NOTHING | {"ignored": 1}


def test_a_bad_key_keeps_no_other_from_becoming_a_job(hook: FlaskClient) -> None:
    bad = ["../a.jpg", "/a.jpg", "a\x00.jpg", "x" * 1100 + ".jpg"]
    records = [s3_record(key) for key in ("a.jpg", *bad, "b.jpg")]
    answer = post(hook, {"Records": [*records, {"eventName": 7}]})
    assert answer.status_code == 200
    assert answer.json is not None
    assert len(answer.json["jobs"]) == 2
    refused = {each["key"]: each["code"] for each in answer.json["refused"]}
    assert refused == dict.fromkeys(bad, "invalid_key") | {"": "invalid_event"}
    assert all(each["detail"] for each in answer.json["refused"])


def test_a_forbidden_bucket_keeps_no_other_from_becoming_a_job(hooked: Hooked) -> None:
    rules = RULES + '\n[[rules]]\nbucket = "secret"\n'
    client = hooked(rules, buckets="scans")
    records = [s3_record("a.jpg", bucket="secret"), s3_record("a.jpg")]
    answer = post(client, {"Records": records})
    assert answer.json is not None
    assert len(answer.json["jobs"]) == 1
    assert [each["code"] for each in answer.json["refused"]] == ["bucket_forbidden"]


def test_a_sender_that_is_set_up_is_answered_well(hook: FlaskClient) -> None:
    answer = post(hook, TEST_EVENT)
    assert (answer.status_code, answer.json) == (200, NOTHING)


def test_without_redis_the_sender_is_to_come_again(hooked: Hooked, closed_port: int) -> None:
    client = hooked(redis_url=f"redis://127.0.0.1:{closed_port}/0")
    answer = post(client, s3_message("a.jpg"))
    assert problem(answer) == (503, "queue_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_when_the_queue_is_full_the_whole_message_comes_again(
    hooked: Hooked, redis: Redis, attempts: Attempts
) -> None:
    client, message = hooked(max_queued=2), s3_message("a.jpg", "b.jpg", "c.jpg")
    answer = post(client, message)
    assert problem(answer) == (503, "queue_full")
    assert int(answer.headers["Retry-After"]) > 0
    accepted = [arguments[0] for _, arguments in queued(redis)]
    assert len(accepted) == 2
    assert attempts.start(accepted[0], "host:1")
    assert set(accepted) < set(made(post(client, message)))
    assert len(queued(redis)) == 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", (400, "bad_request")),
        ("[]", (400, "bad_request")),
        ("null", (400, "bad_request")),
        ('{"Records": [', (400, "bad_request")),
        (b'{"Records": "\xff"}', (400, "bad_request")),
        ('{"a":' * 10_000, (400, "bad_request")),
        ("{}", (422, "invalid_event")),
        ({"Records": "a.jpg"}, (422, "invalid_event")),
        ({"Type": "Notification", "TopicArn": TOPIC}, (422, "invalid_event")),
        ({"Records": [s3_record("a.jpg")] * 1001}, (413, "too_many_events")),
        (" " * (MOST_BYTES + 1), (413, "body_too_large")),
    ],
)
def test_what_cannot_be_read_is_the_senders_mistake(
    hook: FlaskClient, body: object, expected: tuple[int, str]
) -> None:
    assert problem(post(hook, body)) == expected


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong-wrong-wrong"}])
def test_strangers_make_no_jobs(hook: FlaskClient, jobs: JobStore, headers: dict[str, str]) -> None:
    for body in (s3_message("a.jpg"), signed(sns_message(TOPIC, s3_message("a.jpg"))), "{}", ""):
        answer = post(hook, body, headers)
        assert problem(answer) == (401, "sender_unknown")
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert jobs.list() == ([], None)


def test_without_secret_and_topics_there_are_no_events(hooked: Hooked, jobs: JobStore) -> None:
    client = hooked(hooks_secret=None)
    for headers in ({}, BEARER):
        assert problem(post(client, s3_message("a.jpg"), headers)) == (404, "hooks_off")
    assert jobs.list() == ([], None)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ('options = { model = "no-such" }', "options.model"),
        ('webhook = { url = "https://example.org/" }', "webhook"),
        ('priority = "urgent"', "priority"),
    ],
)
def test_rules_that_cannot_work_stop_the_start(hooked: Hooked, rule: str, field: str) -> None:
    with pytest.raises(InvalidSetting, match=rf"TINTYPE_RULES: .*rules\.toml: rule 1, {field}: "):
        hooked(f'[[rules]]\nbucket = "scans"\n{rule}\n')
