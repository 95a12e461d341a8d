import pytest
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from api.webhooks import check_webhook
from core.errors import InvalidWebhook, TintypeError, WebhookRefused, WebhooksOff
from core.jobs import Attempts, JobStore, Webhook
from core.settings import Settings
from tests.support.ended import only_delivery, succeeded
from webhooks.signature import make_secret

URL = "https://receiver.example/hook"
ON = Settings(webhook_secret=make_secret())
LOCAL = Settings(webhook_secret=make_secret(), webhook_allow="127.0.0.0/8")


@pytest.fixture
def client(redis_url: str) -> FlaskClient:
    return create_app(Settings(redis_url=redis_url, keys="off")).test_client()


def test_the_deliveries_of_a_job_are_listed_without_the_keys_in_their_urls(
    client: FlaskClient, redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    job = succeeded(jobs, attempts, f"{URL}?key=1")
    answer = client.get(f"/v1/jobs/{job.id}/deliveries")
    expected = only_delivery(redis, job).model_dump(mode="json") | {"url": URL}
    assert (answer.status_code, answer.json) == (200, {"deliveries": [expected]})


def test_a_delivery_can_be_asked_for_again(
    client: FlaskClient, redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    job = succeeded(jobs, attempts, f"{URL}?key=1")
    redis.delete("{tintype}:deliveries:due")
    answer = client.post(f"/v1/jobs/{job.id}/deliveries/{job.id}.1/redeliver")
    assert answer.status_code == 202
    assert answer.json
    assert (answer.json["id"], answer.json["url"]) == (f"{job.id}.1", URL)
    assert redis.zrange("{tintype}:deliveries:due", 0, -1) == [f"{job.id}.1"]


def test_a_delivery_of_another_job_is_not_found(
    client: FlaskClient, jobs: JobStore, attempts: Attempts
) -> None:
    one, other = (succeeded(jobs, attempts, URL) for _ in range(2))
    for delivery in (f"{other.id}.1", f"{one.id}.2", "none"):
        answer = client.post(f"/v1/jobs/{one.id}/deliveries/{delivery}/redeliver")
        assert answer.status_code == 404
        assert answer.json
        assert answer.json["code"] == "delivery_not_found"


@pytest.mark.usefixtures("redis")
def test_a_job_that_is_unknown_has_no_deliveries(client: FlaskClient) -> None:
    for answer in (
        client.get("/v1/jobs/none/deliveries"),
        client.post("/v1/jobs/none/deliveries/none.1/redeliver"),
    ):
        assert answer.status_code == 404
        assert answer.json
        assert answer.json["code"] == "job_not_found"


@pytest.mark.parametrize(
    ("settings", "url", "error"),
    [
        (Settings(), URL, WebhooksOff),
        (ON, "http://receiver.example/hook", InvalidWebhook),
        (ON, "https://127.0.0.1/hook", WebhookRefused),
        (ON, "https://2130706433/hook", WebhookRefused),
        (ON, "https://[::ffff:127.0.0.1]/hook", WebhookRefused),
        (LOCAL, "https://10.0.0.1/hook", WebhookRefused),
        (LOCAL, "http://93.184.216.34/hook", WebhookRefused),
    ],
)
def test_what_cannot_work_is_refused_when_a_job_is_submitted(
    settings: Settings, url: str, error: type[TintypeError]
) -> None:
    with pytest.raises(error):
        check_webhook(settings, Webhook(url=url))


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (ON, URL),
        (ON, "https://93.184.216.34/hook"),
        (LOCAL, "http://127.0.0.1:9/hook"),
        (LOCAL, "http://receiver.internal/hook"),
    ],
)
def test_what_may_work_is_left_to_the_service(settings: Settings, url: str) -> None:
    check_webhook(settings, Webhook(url=url))
    check_webhook(Settings(), None)
