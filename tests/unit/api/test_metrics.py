import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from core.metrics import totals
from core.settings import Settings
from tests.support.counting import count_from_zero
from tests.support.exposition import read, value
from tests.support.keys import bearer
from tests.support.waiting import eventually

NOWHERE = "/no/such/path"


@pytest.fixture(autouse=True)
def _from_zero(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for seconds, and what other tests have left is gone."""
    count_from_zero()
    redis.flushall()
    monkeypatch.setattr(totals, "SOON", 0.01)


def requests(client: FlaskClient, endpoint: str, status: str) -> float | None:
    families = read(client.get("/metrics").text)
    return value(families, "tintype_http_requests_total", endpoint=endpoint, status=status)


def test_it_is_text_of_prometheus(client: FlaskClient) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert value(read(answer.text), "tintype_redis_up") == 1


def test_requests_of_all_processes_are_counted_together(
    client: FlaskClient, settings: Settings
) -> None:
    for process in (client, create_app(settings).test_client()):
        process.get("/v1/jobs/nothing-has-this-id")
        process.get(NOWHERE)
    eventually(lambda: requests(client, "jobs.show", "404") == 2, what="the count of requests")
    eventually(lambda: requests(client, "none", "404") == 2, what="the count of lost requests")
    families = read(client.get("/metrics").text)
    assert value(families, "tintype_http_request_seconds_count", endpoint="jobs.show") == 2


def test_what_the_checks_refuse_is_counted(settings: Settings, redis: Redis) -> None:
    client = create_app(settings.model_copy(update={"keys": "required"})).test_client()
    assert client.get("/v1/jobs").status_code == 401
    headers = bearer(redis, "admin")

    def count() -> bool:
        families = read(client.get("/metrics", headers=headers).text)
        name = "tintype_http_requests_total"
        return value(families, name, endpoint="jobs.index", status="401") == 1

    eventually(count, what="the count of what was refused")


def test_users_do_not_see_it_where_keys_are_needed(settings: Settings, redis: Redis) -> None:
    client = create_app(settings.model_copy(update={"keys": "required"})).test_client()
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer(redis, "submit", "read")).status_code == 403
    assert client.get("/metrics", headers=bearer(redis, "metrics")).status_code == 200
    assert client.get("/metrics", headers=bearer(redis, "admin")).status_code == 200


def test_without_redis_it_answers_all_the_same(settings: Settings, closed_port: int) -> None:
    away = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{closed_port}/0"})
    answer = create_app(away).test_client().get("/metrics")
    assert answer.status_code == 200
    assert value(read(answer.text), "tintype_redis_up") == 0
