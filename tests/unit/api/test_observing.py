import json
import logging
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from api.app import create_app
from core.jobs import Attempts
from core.settings import Settings
from core.tracing import TraceContext
from tests.support.jobs import started

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ORDER = {"source": {"bucket": "tintype", "key": "a \u202e.jpg"}}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "api.observing")
    return caplog


def requests(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    found = [vars(record) for record in caplog.records if record.name == "api.observing"]
    names = ("levelname", "method", "route", "status", "code")
    return [{name: record[name] for name in names if name in record} for record in found]


def submit(client: FlaskClient, **headers: str) -> TestResponse:
    answer = client.post("/v1/jobs", json=ORDER, headers=headers)
    assert answer.status_code == 202, answer.data
    return answer


def test_a_request_is_one_line(client: FlaskClient, lines: pytest.LogCaptureFixture) -> None:
    job = submit(client).get_json()["id"]
    client.get(f"/v1/jobs/{job}")
    client.get("/v1/jobs/none-such")
    client.get("/no/such\x1b[2J/page?key=hush")
    expected = [
        {"method": "POST", "route": "/v1/jobs", "status": 202},
        {"method": "GET", "route": "/v1/jobs/<job_id>", "status": 200},
        {"method": "GET", "route": "/v1/jobs/<job_id>", "status": 404, "code": "job_not_found"},
        {"method": "GET", "route": "none", "status": 404, "code": "not_found"},
    ]
    assert requests(lines) == [{"levelname": "INFO", **each} for each in expected]
    assert "hush" not in str([vars(record) for record in lines.records])


def test_probes_are_for_debugging(client: FlaskClient, lines: pytest.LogCaptureFixture) -> None:
    for path in ("/healthz", "/metrics"):
        assert client.get(path).status_code == 200
    assert [each["levelname"] for each in requests(lines)] == ["DEBUG", "DEBUG"]


@pytest.mark.parametrize("theirs", ["a", "01J-X_y.z~:/=+", "0" * 128])
def test_a_harmless_request_id_is_kept(client: FlaskClient, theirs: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": theirs})
    assert answer.headers["X-Request-ID"] == theirs


@pytest.mark.parametrize("theirs", ["", "a b", "a\t", '"', "<b>", "ü", "x" * 129, "a,b"])
def test_another_request_id_is_replaced(client: FlaskClient, theirs: str) -> None:
    answers = [client.get("/healthz", headers={"X-Request-ID": theirs}) for _ in range(2)]
    ours = [answer.headers["X-Request-ID"] for answer in answers]
    assert all(len(each) == 36 and each != theirs for each in ours)
    assert ours[0] != ours[1]


def test_a_job_remembers_the_trace_of_its_client_though_nothing_is_traced_here(
    client: FlaskClient, attempts: Attempts
) -> None:
    answer = submit(client, traceparent=TRACEPARENT, tracestate="vendor=1")
    attempt = started(attempts, answer.get_json()["id"])
    assert attempt.trace == TraceContext.of(TRACEPARENT, "vendor=1")
    assert "trace" not in answer.get_json()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": "x" * 10_000},
        {"traceparent": TRACEPARENT.upper(), "tracestate": "a=1"},
        {"traceparent": f"{TRACEPARENT},{TRACEPARENT}"},
        {"tracestate": "a=1"},
    ],
)
def test_a_damaged_trace_leaves_nothing_in_the_record(
    client: FlaskClient, redis: Redis, headers: dict[str, str]
) -> None:
    job = submit(client, **headers).get_json()["id"]
    assert not redis.hexists(f"tintype:job:{job}", "trace")


def test_a_record_does_not_grow_with_what_a_client_sends(client: FlaskClient, redis: Redis) -> None:
    job = submit(client, traceparent=TRACEPARENT, tracestate="a=" + "x" * 5000).get_json()["id"]
    assert redis.hget(f"tintype:job:{job}", "trace") == TRACEPARENT


def test_a_batch_remembers_its_trace(client: FlaskClient, redis: Redis) -> None:
    order = {
        "source": {"bucket": "tintype", "prefix": "in/"},
        "destination": {"bucket": "tintype", "prefix": "out/"},
    }
    answer = client.post("/v1/batches", json=order, headers={"traceparent": TRACEPARENT})
    assert answer.status_code == 202, answer.data
    assert redis.hget(f"tintype:batch:{answer.get_json()['id']}", "trace") == TRACEPARENT


def test_a_canceled_job_is_one_line(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    job = submit(client).get_json()["id"]
    for _ in range(2):
        assert client.post(f"/v1/jobs/{job}/cancel").status_code == 200
    ends = [vars(record) for record in caplog.records if record.message == "job ended"]
    assert [(end["job_id"], end["state"], end["attempt"]) for end in ends] == [(job, "canceled", 0)]


def test_an_unexpected_error_has_its_code(
    settings: Settings, lines: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings)

    @app.get("/fails")
    def fails() -> None:
        raise RuntimeError("hush")

    answer = app.test_client().get("/fails")
    assert json.loads(answer.data)["code"] == "internal_error"
    assert answer.headers["X-Request-ID"]
    (line,) = requests(lines)
    assert (line["status"], line["code"]) == (500, "internal_error")
