"""``/v1/batches`` without a worker: what is refused, what is recorded, what can be asked."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis
from werkzeug.test import TestResponse

from api.app import create_app
from core.batches import BatchStore
from core.broker import BATCHES
from core.settings import Settings
from webhooks.signature import make_secret

ORDER = {
    "source": {"bucket": "scans", "prefix": "1936/"},
    "destination": {"bucket": "results", "prefix": "1936/"},
}


def order(**more: Any) -> dict[str, Any]:
    return {**ORDER, **more}


def code(answer: TestResponse) -> tuple[int, str]:
    assert answer.json
    return answer.status_code, answer.json["code"]


def test_an_order_is_recorded_and_its_message_queued(client: FlaskClient, redis: Redis) -> None:
    answer = client.post("/v1/batches", json=ORDER)
    assert answer.status_code == 202
    assert answer.json
    assert answer.headers["Location"] == f"/v1/batches/{answer.json['id']}"
    assert answer.json["state"] == "expanding"
    assert answer.json["priority"] == "low"
    assert answer.json["on_existing"] == "skip"
    assert answer.json["destination"]["key_template"] == "{path}"
    assert redis.llen(BATCHES) == 1
    assert client.get(answer.headers["Location"]).json == answer.json
    listed = client.get("/v1/batches").json
    assert listed
    assert [batch["id"] for batch in listed["batches"]] == [answer.json["id"]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"source": {"bucket": "UPPER"}}, (422, "invalid_bucket")),
        ({"source": {"bucket": "scans", "prefix": "../x"}}, (422, "invalid_key")),
        ({"source": {"bucket": "scans", "include": ["*"] * 51}}, (422, "invalid_request")),
        ({"source": {"bucket": "scans", "include": [""]}}, (422, "invalid_request")),
        (
            {
                "source": {
                    "bucket": "scans",
                    "manifest": {"bucket": "scans", "key": "m.csv"},
                    "include": ["*"],
                }
            },
            (422, "invalid_request"),
        ),
        ({"destination": {"bucket": "scans"}}, (422, "destination_overlaps")),
        ({"destination": {"bucket": "scans", "prefix": "1936/"}}, (422, "destination_overlaps")),
        (
            {"destination": {"bucket": "scans", "key_template": "{path}.png"}},
            (422, "destination_overlaps"),
        ),
        (
            {"destination": {"bucket": "results", "key_template": "{name}"}},
            (422, "invalid_key_template"),
        ),
        ({"options": {"temperature": 2}}, (422, "invalid_request")),
        ({"options": {"model": "no-such"}}, (422, "unknown_model")),
        ({"on_existing": "delete"}, (422, "invalid_request")),
        ({"unknown": 1}, (422, "invalid_request")),
        ({"webhook": {"url": "https://example.org"}}, (422, "webhooks_off")),
    ],
)
def test_what_cannot_work_is_refused(
    client: FlaskClient, redis: Redis, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code(client.post("/v1/batches", json=order(**change))) == expected
    assert redis.keys("{tintype}:batch*") == []


def test_a_manifest_may_name_any_destination_of_the_bucket(client: FlaskClient) -> None:
    manifest = {"bucket": "scans", "key": "m.csv"}
    source = {"bucket": "scans", "manifest": manifest}
    body = order(source=source, destination={"bucket": "scans", "prefix": ""})
    assert client.post("/v1/batches", json=body).status_code == 202


@pytest.mark.parametrize(
    ("rules", "change", "allowed"),
    [
        ("scans:read, results:write", {}, True),
        ("scans/1936/:read, results/1936/:write", {}, True),
        ("scans/193:read, results:write", {}, True),
        ("scans/1936/box/:read, results:write", {}, False),
        ("scans:write, results:write", {}, False),
        ("scans:read, results:read", {}, False),
        ("scans:read, results/1937/:write", {}, False),
        (
            "scans:read, results:write",
            {"source": {"bucket": "scans", "manifest": {"bucket": "lists", "key": "m.csv"}}},
            False,
        ),
        (
            "lists:read, results:write",
            {"source": {"bucket": "scans", "manifest": {"bucket": "lists", "key": "m.csv"}}},
            True,
        ),
    ],
)
def test_prefixes_have_to_lie_where_the_rules_allow(
    settings: Settings, rules: str, change: dict[str, Any], allowed: bool
) -> None:
    client = create_app(settings.model_copy(update={"buckets": rules})).test_client()
    answer = client.post("/v1/batches", json=order(**change))
    if allowed:
        assert answer.status_code == 202
    else:
        assert code(answer) == (403, "bucket_forbidden")


def test_an_idempotency_key_of_a_job_is_not_one_of_a_batch(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "same"}
    job = {"source": {"bucket": "scans", "key": "a.jpg"}}
    assert client.post("/v1/jobs", json=job, headers=headers).status_code == 202
    first = client.post("/v1/batches", json=ORDER, headers=headers).json
    again = client.post("/v1/batches", json=ORDER, headers=headers).json
    assert first
    assert again
    assert first["id"] == again["id"]
    assert code(client.post("/v1/batches", json=ORDER, headers={"Idempotency-Key": "a b"})) == (
        400,
        "bad_request",
    )


def test_states_that_do_not_allow_it(client: FlaskClient) -> None:
    answer = client.post("/v1/batches", json=ORDER)
    place = answer.headers["Location"]
    assert code(client.get(f"{place}/report")) == (409, "conflict")
    assert client.post(f"{place}/pause").json["state"] == "paused"  # type: ignore[index]
    assert client.post(f"{place}/pause").json["state"] == "paused"  # type: ignore[index]
    assert client.post(f"{place}/resume").json["state"] == "expanding"  # type: ignore[index]
    assert code(client.post(f"{place}/retry-failed")) == (409, "wrong_state")
    assert client.post(f"{place}/cancel").json["state"] == "canceled"  # type: ignore[index]
    assert client.post(f"{place}/cancel").json["state"] == "canceled"  # type: ignore[index]
    for call in ("pause", "resume", "retry-failed"):
        assert code(client.post(f"{place}/{call}")) == (409, "wrong_state")


@pytest.mark.parametrize(
    "path", ["", "/jobs", "/report", "/deliveries", "/pause", "/resume", "/cancel", "/retry-failed"]
)
@pytest.mark.parametrize("batch_id", ["none", "00000000-0000-7000-8000-000000000000"])
def test_batches_that_there_are_not(client: FlaskClient, batch_id: str, path: str) -> None:
    call = client.get if path in ("", "/jobs", "/report", "/deliveries") else client.post
    assert code(call(f"/v1/batches/{batch_id}{path}")) == (404, "batch_not_found")


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=ended:x", "cursor=active:*", "limit=0", "state=lost", "more=1"]
)
def test_odd_pages(client: FlaskClient, query: str) -> None:
    place = client.post("/v1/batches", json=ORDER).headers["Location"]
    answer = client.get(f"{place}/jobs?{query}")
    assert answer.status_code in (400, 422)


def test_pages_of_batches(client: FlaskClient, redis: Redis) -> None:
    made = [client.post("/v1/batches", json=ORDER).json["id"] for _ in range(5)]  # type: ignore[index]
    store = BatchStore(redis)
    for each in made[::2]:
        store.pause(each)
    for query, wanted in (("", made[::-1]), ("&state=paused", made[::2][::-1])):
        found: list[str] = []
        page: Any = {"next": ""}
        while page["next"] is not None:
            cursor = page["next"] and f"&cursor={page['next']}"
            page = client.get(f"/v1/batches?limit=2{query}{cursor}").json
            found += [batch["id"] for batch in page["batches"]]
        assert found == wanted


def test_a_webhook_is_kept_and_not_shown(settings: Settings, redis: Redis) -> None:
    on = settings.model_copy(
        update={"webhook_secret": SecretStr(make_secret()), "webhook_allow": "127.0.0.1"}
    )
    client = create_app(on).test_client()
    body = order(webhook={"url": "http://127.0.0.1:9/x?key=secret", "events": ["failed"]})
    answer = client.post("/v1/batches", json=body)
    assert answer.status_code == 202
    assert "secret" not in answer.text
    assert answer.json
    kept = redis.hget(f"{{tintype}}:batch:{answer.json['id']}", "webhook")
    assert json.loads(str(kept))["events"] == ["failed"]
