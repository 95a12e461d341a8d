"""A key is in no log, no error, no URL and no record, whatever is done with it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from core.settings import Settings
from tests.support.keys import make_key, secret_of
from tests.unit.api.auth.conftest import ORDER
from tests.unit.api.conftest import Finish

ORDERS = {
    "/v1/batches": {
        "source": {"bucket": "scans", "prefix": "1936/"},
        "destination": {"bucket": "results", "prefix": "1936/"},
    },
    "/v1/uploads": {"filename": "a.jpg", "bytes": 10},
}


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def values(redis: Redis) -> str:
    """All that Redis has, as text."""
    kinds: dict[Any, Callable[[Any], object]] = {
        "hash": redis.hgetall,
        "set": redis.smembers,
        "string": redis.get,
        "zset": lambda name: redis.zrange(name, 0, -1),
        "list": lambda name: redis.lrange(name, 0, -1),
        "stream": redis.xrange,
    }
    return "".join(f"{name} {kinds[redis.type(name)](name)}" for name in redis.scan_iter("*"))


def test_a_key_is_nowhere_but_in_the_request(
    guarded: FlaskClient, redis: Redis, finish: Finish, caplog: pytest.LogCaptureFixture
) -> None:
    _, text = make_key(redis, rate="20/hour")
    secret, headers = secret_of(text), {"Authorization": f"Bearer {text}"}
    answers = [guarded.post("/v1/jobs", json=ORDER, headers=headers)]
    job = str((answers[0].json or {})["id"])
    finish(job, b"colour")
    paths = ("", "/result", "/result?download=1", "/deliveries", "/nothing")
    answers += [guarded.get(f"/v1/jobs/{job}{path}", headers=headers) for path in paths]
    answers += [guarded.post(path, json=body, headers=headers) for path, body in ORDERS.items()]
    answers += [guarded.post("/v1/session", json={"key": text})]
    answers += [guarded.get("/v1/jobs", headers=headers) for _ in range(20)]
    assert answers[-1].status_code == 429
    for answer in answers:
        assert secret not in f"{answer.headers} {answer.text}"
    assert secret not in caplog.text
    assert secret not in values(redis)


@pytest.mark.parametrize("shown", ["Bearer {}x", "Basic {}", "{}", "Bearer {} more"])
def test_a_key_that_is_shown_wrongly_is_not_repeated(
    guarded: FlaskClient, redis: Redis, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    _, text = make_key(redis)
    secret = secret_of(text)
    answer = guarded.get("/v1/jobs", headers={"Authorization": shown.format(text)})
    assert answer.status_code == 401
    signed = guarded.post("/v1/session", json={"key": [text]})
    assert signed.status_code == 422
    more = guarded.post("/v1/session", json={"key": text, "more": text})
    assert more.status_code == 422
    for each in (answer, signed, more):
        assert secret not in each.text
    assert secret not in caplog.text


def test_a_key_is_not_in_the_errors_of_an_outage(
    locked: Settings, redis: Redis, closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    _, text = make_key(redis)
    url = f"redis://user:hush-hush@127.0.0.1:{closed_port}/0"
    client = create_app(locked.model_copy(update={"redis_url": url})).test_client()
    answer = client.get("/v1/jobs", headers={"Authorization": f"Bearer {text}"})
    assert answer.status_code == 503
    for hidden in (secret_of(text), "hush-hush"):
        assert hidden not in answer.text
        assert hidden not in caplog.text
