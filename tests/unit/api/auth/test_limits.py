"""How often a key may come, and how many jobs it may make."""

import re

import pytest
from flask.testing import FlaskClient
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from api.app import create_app
from api.auth import limits
from core.jobs import JobRequest, JobStore
from core.objects import ObjectRef
from core.settings import Settings
from tests.support.keys import bearer
from tests.unit.api.auth.conftest import ORDER

SOURCE = ObjectRef(bucket="tintype", key="a.jpg")


def test_answers_tell_the_limit_and_what_is_left(guarded: FlaskClient, redis: Redis) -> None:
    headers = bearer(redis)
    first = guarded.get("/v1/models", headers=headers)
    assert first.headers["RateLimit-Policy"] == '"requests";q=600;w=60'
    assert re.fullmatch(r'"requests";r=599;t=\d+', first.headers["RateLimit"])
    second = guarded.get("/v1/jobs", headers=headers)
    assert second.headers["RateLimit"].startswith('"requests";r=598;')


def test_a_key_that_comes_too_often_is_told_when_to_come_back(
    guarded: FlaskClient, redis: Redis
) -> None:
    headers, other = bearer(redis, rate="3/hour"), bearer(redis, rate="3/hour")
    answers = [guarded.get("/v1/models", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    last = answers[-1]
    assert last.json
    assert last.json["code"] == "rate_limited"
    assert 0 < int(last.headers["Retry-After"]) <= 3600
    assert last.headers["RateLimit"].startswith('"requests";r=0;')
    assert guarded.get("/v1/models", headers=other).status_code == 200
    assert guarded.get("/healthz", headers=headers).status_code == 200


def test_what_is_refused_counts_too(guarded: FlaskClient, redis: Redis) -> None:
    headers = bearer(redis, "submit", rate="3/hour")
    answers = [guarded.get("/v1/jobs", headers=headers).status_code for _ in range(2)]
    answers += [guarded.post(f"/v1/jobs/{n}/cancel", headers=headers).status_code for n in range(2)]
    assert answers == [403, 403, 404, 429]


def test_the_setting_holds_for_keys_that_say_nothing_else(locked: Settings, redis: Redis) -> None:
    client = create_app(locked.model_copy(update={"rate_limit": "1/day"})).test_client()
    headers = bearer(redis)
    answers = [client.get("/v1/models", headers=headers).status_code for _ in range(2)]
    assert answers == [200, 429]
    assert client.get("/v1/models", headers=bearer(redis, rate="9/day")).status_code == 200


def test_without_a_limit_nothing_is_counted(locked: Settings, redis: Redis) -> None:
    client = create_app(locked.model_copy(update={"rate_limit": "none"})).test_client()
    answer = client.get("/v1/models", headers=bearer(redis))
    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers
    assert not [*redis.scan_iter("{tintype}:limits*")]


def test_where_keys_are_off_nobody_is_counted(client: FlaskClient, redis: Redis) -> None:
    answer = client.get("/v1/models")
    assert "RateLimit" not in answer.headers
    assert not [*redis.scan_iter("*imits*")]


def test_limits_hold_nobody_up_while_they_cannot_be_counted(
    guarded: FlaskClient, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = guarded.application.extensions[limits.EXTENSION].limiter

    def away(*_: object, **__: object) -> bool:
        raise RedisConnectionError("away")

    monkeypatch.setattr(limiter, "hit", away)
    monkeypatch.setattr(limiter, "get_window_stats", away)
    assert guarded.get("/v1/models", headers=bearer(redis)).status_code == 200
    wrong = guarded.get("/v1/models", headers={"Authorization": "Bearer tt_wrong"})
    assert wrong.status_code == 401


def test_a_key_makes_as_many_jobs_a_day_as_it_may(guarded: FlaskClient, redis: Redis) -> None:
    headers = bearer(redis, quota=2)
    answers = [guarded.post("/v1/jobs", json=ORDER, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[-1].json
    assert answers[-1].json["code"] == "quota_exceeded"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 86_400
    assert guarded.get("/v1/jobs", headers=headers).status_code == 200


def test_a_request_that_is_sent_again_is_not_counted_again(
    guarded: FlaskClient, redis: Redis
) -> None:
    headers = {**bearer(redis, quota=1), "Idempotency-Key": "monday"}
    answers = [guarded.post("/v1/jobs", json=ORDER, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 202]


def test_keys_of_one_owner_share_what_was_made(guarded: FlaskClient, redis: Redis) -> None:
    one, two = bearer(redis, owner="ann", quota=2), bearer(redis, owner="ann", quota=3)
    for headers in (one, one, two):
        assert guarded.post("/v1/jobs", json=ORDER, headers=headers).status_code == 202
    for headers in (one, two):
        assert guarded.post("/v1/jobs", json=ORDER, headers=headers).status_code == 429


def test_jobs_of_nobody_have_no_quota(jobs: JobStore) -> None:
    assert [jobs.create(JobRequest(source=SOURCE)).owner for _ in range(3)] == [None] * 3
