import io
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis
from werkzeug.test import TestResponse

from api.app import create_app
from api.publisher import Publisher
from api.services import EXTENSION
from core.broker import QUEUES
from core.heartbeats import WEBHOOKS, Heartbeat, alive
from core.jobs import JobRequest, JobStore
from core.objects import ObjectRef
from core.settings import Settings
from tests.support.jobs import sweeper
from tests.support.redis import DUE
from tests.support.waiting import eventually
from tests.unit.api.conftest import Finish

SOURCE = {"bucket": "tintype", "key": "photos/a.jpg"}
REQUEST = JobRequest(source=ObjectRef(bucket="tintype", key="photos/a.jpg"))


@pytest.fixture
def without_redis(settings: Settings, closed_port: int) -> Settings:
    return settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{closed_port}/0"})


@pytest.fixture
def without_storage(settings: Settings, closed_port: int) -> Settings:
    return settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{closed_port}"})


@pytest.fixture
def worker(redis: Redis) -> Iterator[None]:
    """A worker's heartbeat, heard at least once."""
    heartbeat = Heartbeat(redis)
    heartbeat.start()
    eventually(lambda: alive(redis), what="a heartbeat")
    yield
    heartbeat.stop()
    heartbeat.join()


def assert_unavailable(answer: TestResponse, code: str) -> None:
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json is not None
    assert answer.json["code"] == code
    assert answer.json["detail"]


@pytest.mark.parametrize(
    "path", ["/v1/jobs/some-id", "/v1/jobs/some-id/result", "/v1/jobs", "/v1/jobs?state=queued"]
)
def test_without_redis_no_job_can_be_looked_at(without_redis: Settings, path: str) -> None:
    answer = create_app(without_redis).test_client().get(path)
    assert_unavailable(answer, "queue_unavailable")


def test_without_redis_no_order_is_taken(without_redis: Settings) -> None:
    answer = create_app(without_redis).test_client().post("/v1/jobs", json={"source": SOURCE})
    assert_unavailable(answer, "queue_unavailable")


def test_without_redis_a_bad_order_is_still_the_clients_mistake(without_redis: Settings) -> None:
    answer = create_app(without_redis).test_client().post("/v1/jobs", json={})
    assert answer.status_code == 422


def test_a_job_that_cannot_be_queued_is_accepted_and_left_to_the_sweep(
    settings: Settings, without_redis: Settings, jobs: JobStore, redis: Redis
) -> None:
    app = create_app(settings)
    away = Publisher(without_redis)
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], publisher=away)
    answer = app.test_client().post("/v1/jobs", json={"source": SOURCE})
    assert answer.status_code == 202
    assert answer.json is not None
    assert [job.id for job in jobs.list()[0]] == [answer.json["id"]]
    assert redis.zrange(DUE, 0, -1) == [answer.json["id"]]


def test_without_storage_no_upload_is_taken(
    without_storage: Settings, jobs: JobStore, redis: Redis
) -> None:
    form = {"file": (io.BytesIO(b"bytes"), "a.jpg")}
    answer = create_app(without_storage).test_client().post("/v1/jobs", data=form)
    assert_unavailable(answer, "storage_unavailable")
    assert jobs.list() == ([], None)
    assert not any(redis.llen(queue) for queue in QUEUES.values())


def test_without_storage_an_order_by_name_is_taken(without_storage: Settings) -> None:
    answer = create_app(without_storage).test_client().post("/v1/jobs", json={"source": SOURCE})
    assert answer.status_code == 202


def test_without_storage_no_result_is_streamed(
    without_storage: Settings, jobs: JobStore, finish: Finish
) -> None:
    job = jobs.create(REQUEST)
    finish(job.id, b"colour")
    answer = create_app(without_storage).test_client().get(f"/v1/jobs/{job.id}/result?download=1")
    assert_unavailable(answer, "storage_unavailable")


def test_with_nothing_there_the_process_still_answers(
    without_redis: Settings, without_storage: Settings
) -> None:
    nothing = without_redis.model_copy(update={"s3_endpoint": without_storage.s3_endpoint})
    client = create_app(nothing).test_client()
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok"}
    assert client.get("/v1/models").status_code == 200
    assert client.get("/openapi.json").status_code == 200


@pytest.fixture
def swept(redis: Redis) -> None:
    """A worker's parent has swept just now."""
    sweeper(redis).sweep()


@pytest.mark.usefixtures("worker", "swept")
def test_with_all_there_the_service_is_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "checks": {"redis": "ok", "storage": "ok", "workers": "ok"},
        "warnings": {},
    }


@pytest.mark.usefixtures("worker", "swept")
def test_a_redis_that_may_forget_is_warned_of(client: FlaskClient, redis: Redis) -> None:
    redis.config_set("maxmemory-policy", "allkeys-lru")
    redis.config_set("appendonly", "no")
    try:
        answer = client.get("/readyz")
    finally:
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("appendonly", "yes")
    assert answer.status_code == 200
    assert answer.json is not None
    assert set(answer.json["warnings"]) == {"appendonly", "maxmemory-policy"}
    assert "noeviction" in answer.json["warnings"]["maxmemory-policy"]


@pytest.mark.usefixtures("worker")
def test_a_sweep_that_nobody_makes_is_warned_of(client: FlaskClient, redis: Redis) -> None:
    for _ in range(2):
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json is not None
        assert set(answer.json["warnings"]) == {"sweep"}
        redis.set("{tintype}:swept", 1)


@pytest.mark.usefixtures("worker", "swept")
def test_webhooks_that_nobody_sends_are_warned_of(settings: Settings, redis: Redis) -> None:
    secret = SecretStr("whsec_" + "A" * 32)
    client = create_app(settings.model_copy(update={"webhook_secret": secret})).test_client()
    answer = client.get("/readyz")
    assert answer.json is not None
    assert set(answer.json["warnings"]) == {"webhooks"}
    heartbeat = Heartbeat(redis, WEBHOOKS)
    heartbeat.start()
    eventually(lambda: (client.get("/readyz").json or {}).get("warnings") == {})
    heartbeat.stop()


@pytest.mark.usefixtures("worker", "swept")
def test_bucket_events_without_rules_are_warned_of(settings: Settings) -> None:
    secret = SecretStr("an-open-secret-1")
    client = create_app(settings.model_copy(update={"hooks_secret": secret})).test_client()
    assert set((client.get("/readyz").json or {})["warnings"]) == {"rules"}


def test_without_a_live_worker_the_service_is_not_ready(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert_unavailable(answer, "not_ready")
    assert answer.json is not None
    checks = answer.json["checks"]
    assert (checks["redis"], checks["storage"]) == ("ok", "ok")
    assert checks["workers"] in answer.json["detail"]


def test_a_worker_that_has_signed_off_does_not_count(client: FlaskClient, redis: Redis) -> None:
    heartbeat = Heartbeat(redis)
    heartbeat.start()
    eventually(lambda: alive(redis), what="a heartbeat")
    heartbeat.stop()
    heartbeat.join()
    assert client.get("/readyz").status_code == 503


@pytest.mark.usefixtures("worker")
def test_readiness_names_storage_when_it_is_away(without_storage: Settings) -> None:
    answer = create_app(without_storage).test_client().get("/readyz")
    assert_unavailable(answer, "not_ready")
    assert answer.json is not None
    assert answer.json["detail"].startswith("storage: ")
    assert answer.json["checks"]["redis"] == "ok"
    assert answer.json["checks"]["workers"] == "ok"
    assert "127.0.0.1" in answer.json["checks"]["storage"]


@pytest.mark.usefixtures("worker")
def test_readiness_names_a_bucket_that_is_not_there(settings: Settings) -> None:
    away = settings.model_copy(update={"bucket": "no-such-bucket"})
    answer = create_app(away).test_client().get("/readyz")
    assert_unavailable(answer, "not_ready")
    assert answer.json is not None
    assert "no-such-bucket" in answer.json["detail"]


@pytest.mark.usefixtures("worker")
def test_readiness_names_redis_when_it_is_away(without_redis: Settings) -> None:
    answer = create_app(without_redis).test_client().get("/readyz")
    assert_unavailable(answer, "not_ready")
    assert answer.json is not None
    assert answer.json["detail"].startswith("redis: ")
    assert answer.json["checks"]["storage"] == "ok"
