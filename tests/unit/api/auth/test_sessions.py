"""A key kept in the browser's cookie."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api import streams
from api.auth import limits
from core.keys import KeyStore
from tests.support.keys import make_key
from tests.unit.api.auth.conftest import ORDER


@pytest.fixture
def csrf(browser: FlaskClient, redis: Redis) -> str:
    """The token of a session that is open."""
    answer = browser.post("/v1/session", json={"key": make_key(redis)[1]})
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["scopes"] == ["submit", "read"]
    return str(answer.json["csrf"])


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(
    browser: FlaskClient, redis: Redis
) -> None:
    _, text = make_key(redis)
    answer = browser.post("/v1/session", json={"key": text})
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert text not in cookie
    by_tls = browser.post("/v1/session", json={"key": text}, base_url="https://localhost")
    assert "Secure" in by_tls.headers["Set-Cookie"]


def test_a_session_opens_what_its_key_opens(browser: FlaskClient, csrf: str) -> None:
    assert browser.get("/v1/jobs").status_code == 200
    shown = browser.get("/v1/session")
    assert shown.json == {"csrf": csrf, "scopes": ["submit", "read"]}
    made = browser.post("/v1/jobs", json=ORDER, headers={"X-CSRF-Token": csrf})
    assert made.status_code == 202


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ä"])
def test_what_changes_something_needs_the_token(
    browser: FlaskClient, csrf: str, token: str | None
) -> None:
    headers = {} if token is None else {"X-CSRF-Token": token}
    answer = browser.post("/v1/jobs", json=ORDER, headers=headers)
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["code"] == "csrf_refused"
    assert csrf not in answer.text
    assert browser.delete("/v1/session").status_code == 403


def test_signing_out_ends_the_session(browser: FlaskClient, csrf: str) -> None:
    cookie = browser.get_cookie("tintype_session")
    assert cookie
    assert browser.delete("/v1/session", headers={"X-CSRF-Token": csrf}).status_code == 204
    assert browser.get_cookie("tintype_session") is None
    browser.set_cookie("tintype_session", cookie.value)
    assert browser.get("/v1/jobs").status_code == 401
    assert browser.get("/v1/session").status_code == 401


def test_revoking_the_key_ends_its_sessions(browser: FlaskClient, csrf: str, redis: Redis) -> None:
    assert csrf
    (key,) = KeyStore(redis).list()
    KeyStore(redis).revoke(key.id)
    assert browser.get("/v1/session").status_code == 401


def test_the_key_in_a_header_comes_before_the_cookie(
    browser: FlaskClient, csrf: str, redis: Redis
) -> None:
    assert csrf
    headers = {"Authorization": f"Bearer {make_key(redis, 'submit')[1]}"}
    assert browser.post("/v1/jobs", json=ORDER, headers=headers).status_code == 202
    assert browser.get("/v1/session", headers=headers).json == {"csrf": None, "scopes": ["submit"]}


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": 1}, {"key": "x", "more": 1}])
def test_a_body_without_a_key_is_refused(browser: FlaskClient, body: dict[str, object]) -> None:
    assert browser.post("/v1/session", json=body).status_code == 422


def test_a_wrong_key_opens_no_session(browser: FlaskClient) -> None:
    answer = browser.post("/v1/session", json={"key": "tt_wrong"})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_a_key_opens_a_few_sessions_a_minute(guarded: FlaskClient, redis: Redis) -> None:
    _, text = make_key(redis)
    tries = [
        guarded.post("/v1/session", json={"key": text}).status_code
        for _ in range(limits.SIGN_INS.amount + 1)
    ]
    assert tries == [200] * limits.SIGN_INS.amount + [429]
    other = guarded.post("/v1/session", json={"key": make_key(redis)[1]})
    assert other.status_code == 200


def test_where_keys_are_off_everyone_may_do_everything(client: FlaskClient) -> None:
    everything = {"csrf": None, "scopes": ["submit", "read", "metrics", "admin"]}
    assert client.get("/v1/session").json == everything
    answer = client.post("/v1/session", json={"key": "tt_any"})
    assert answer.json == everything
    assert "Set-Cookie" not in answer.headers


def test_redis_has_neither_the_key_nor_the_session(
    browser: FlaskClient, csrf: str, redis: Redis
) -> None:
    cookie = browser.get_cookie("tintype_session")
    assert cookie
    dump = "".join(
        name + str(redis.hgetall(name) if redis.type(name) == "hash" else redis.dump(name))
        for name in redis.scan_iter("*")
    )
    assert cookie.value not in dump
    assert csrf not in dump


def test_a_stream_ends_when_its_session_does(
    browser: FlaskClient, csrf: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.1)
    cookie = browser.get_cookie("tintype_session")
    assert csrf
    assert cookie
    with browser.get("/v1/events") as answer:
        chunks = answer.iter_encoded()
        assert next(chunks)
        KeyStore(redis).end_session(cookie.value)
        assert [chunk for chunk in chunks if chunk != b": still here\n\n"] == []
