"""Keys that are good, wrong, revoked and expired."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from api.auth import limits
from core.keys import KeyStore
from core.settings import Settings
from tests.support.keys import bearer, make_key
from tests.unit.api.auth.conftest import ORDER

WELL_FORMED = "tt_abcd1234_" + "x" * 43


def test_a_good_key_opens(guarded: FlaskClient, redis: Redis) -> None:
    answer = guarded.post("/v1/jobs", json=ORDER, headers=bearer(redis))
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer tt_",
        f"Bearer {WELL_FORMED}",
        f"Basic {WELL_FORMED}",
        f"Bearer {WELL_FORMED} {WELL_FORMED}",
        "Bearer " + "x" * 5000,
        "Bearer tt_ÄÖÜß1234",
    ],
)
def test_what_is_no_key_is_refused(guarded: FlaskClient, header: str) -> None:
    answer = guarded.get("/v1/jobs", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert answer.json
    assert answer.json["code"] == "key_invalid"
    assert WELL_FORMED not in answer.text


def test_the_right_id_with_another_secret_is_refused(guarded: FlaskClient, redis: Redis) -> None:
    _, text = make_key(redis)
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    answer = guarded.get("/v1/jobs", headers={"Authorization": f"Bearer {wrong}"})
    assert answer.status_code == 401


def test_a_revoked_key_opens_nothing(guarded: FlaskClient, redis: Redis) -> None:
    key, text = make_key(redis)
    headers = {"Authorization": f"bearer {text}"}
    assert guarded.get("/v1/jobs", headers=headers).status_code == 200
    KeyStore(redis).revoke(key.id)
    assert guarded.get("/v1/jobs", headers=headers).status_code == 401


def test_an_expired_key_opens_nothing(guarded: FlaskClient, redis: Redis) -> None:
    soon, past = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, -1))
    assert guarded.get("/v1/jobs", headers=bearer(redis, expires=soon)).status_code == 200
    assert guarded.get("/v1/jobs", headers=bearer(redis, expires=past)).status_code == 401


def test_wrong_keys_of_an_address_are_told_to_wait_and_a_good_one_is_let_in(
    guarded: FlaskClient, redis: Redis
) -> None:
    wrong = {"Authorization": f"Bearer {WELL_FORMED}"}
    tries = [guarded.get("/v1/jobs", headers=wrong) for _ in range(limits.WRONG_KEYS.amount + 1)]
    assert {each.status_code for each in tries[:-1]} == {401}
    assert tries[-1].status_code == 429
    assert tries[-1].json
    assert tries[-1].json["code"] == "too_many_tries"
    assert "Retry-After" in tries[-1].headers
    assert guarded.post("/v1/session", json={"key": WELL_FORMED}).status_code == 429
    assert guarded.get("/v1/jobs", headers=bearer(redis)).status_code == 200


def test_where_nobody_says_whether_keys_are_needed_they_are(settings: Settings) -> None:
    client = create_app(settings.model_copy(update={"keys": None})).test_client()
    assert client.get("/v1/jobs").status_code == 401


def test_without_redis_nobody_is_let_in(locked: Settings, closed_port: int) -> None:
    away = locked.model_copy(update={"redis_url": f"redis://127.0.0.1:{closed_port}/0"})
    client = create_app(away).test_client()
    headers = {"Authorization": f"Bearer {WELL_FORMED}"}
    answer = client.get("/v1/models", headers=headers)
    assert answer.status_code == 503
    assert answer.json
    assert answer.json["code"] == "queue_unavailable"


def test_a_request_asks_redis_once_more_than_without_keys(
    guarded: FlaskClient, client: FlaskClient, redis: Redis
) -> None:
    headers = bearer(redis, rate="1/second")
    guarded.get("/v1/models", headers=headers)

    def commands(other: FlaskClient, path: str, headers: dict[str, str]) -> int:
        before = int(redis.info("commandstats")["cmdstat_evalsha"]["calls"])
        other.get(path, headers=headers)
        return int(redis.info("commandstats")["cmdstat_evalsha"]["calls"]) - before

    assert commands(client, "/v1/models", {}) == 0
    # One for the key; two for the limit: to count, and to tell what is left.
    assert commands(guarded, "/v1/models", dict(headers)) == 3
