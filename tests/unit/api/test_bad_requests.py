import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from urllib3 import encode_multipart_formdata
from werkzeug.test import TestResponse

from api.app import create_app
from api.bucket_events import MOST_BYTES
from api.requests import FORM_ALLOWANCE, MAX_JSON_BYTES
from core.broker import QUEUES
from core.jobs import JobStore, Priority
from core.settings import Settings
from tests.unit.api.conftest import BEARER

SOURCE = {"bucket": "tintype", "key": "photos/a.jpg"}
JSON = "application/json"


def order(**changes: Any) -> str:
    """A good order but for the changes."""
    return json.dumps({"source": SOURCE} | changes)


def with_option(name: str, value: object) -> str:
    return order(options={name: value})


def with_source(**changes: object) -> str:
    return order(source=SOURCE | changes)


BODIES = [
    ("not JSON", "source=a.jpg", 400, "bad_request"),
    ("no body", "", 400, "bad_request"),
    ("broken JSON", '{"source": ', 400, "bad_request"),
    ("not Unicode", b'{"source": "\xff"}', 400, "bad_request"),
    ("a lone surrogate", with_source(key="\ud800"), 400, "bad_request"),
    ("a list", "[]", 400, "bad_request"),
    ("null", "null", 400, "bad_request"),
    ("a number", "1", 400, "bad_request"),
    ("deep lists", "[" * 30_000, 400, "bad_request"),
    ("deep objects", '{"a":' * 10_000 + "1" + "}" * 10_000, 400, "bad_request"),
    ("a long string", order(more="x" * MAX_JSON_BYTES), 413, "body_too_large"),
    ("an empty object", "{}", 422, "invalid_request"),
    ("an unknown field", order(priority=1), 422, "invalid_request"),
    ("an unknown field of the source", with_source(etag="x"), 422, "invalid_request"),
    ("an unknown option", with_option("glitter", 2), 422, "invalid_request"),
    ("options that are a list", order(options=[]), 422, "invalid_request"),
    ("temperature 0", with_option("temperature", 0), 422, "invalid_request"),
    ("temperature 1.5", with_option("temperature", 1.5), 422, "invalid_request"),
    ("temperature hot", with_option("temperature", "hot"), 422, "invalid_request"),
    ("temperature in quotes", with_option("temperature", "0.5"), 422, "invalid_request"),
    ("temperature NaN", with_option("temperature", float("nan")), 422, "invalid_request"),
    ("temperature infinite", with_option("temperature", float("inf")), 422, "invalid_request"),
    ("vividness -1", with_option("vividness", -1), 422, "invalid_request"),
    ("vividness 2", with_option("vividness", 2), 422, "invalid_request"),
    ("vividness NaN", with_option("vividness", float("nan")), 422, "invalid_request"),
    ("quality 0", with_option("quality", 0), 422, "invalid_request"),
    ("quality 101", with_option("quality", 101), 422, "invalid_request"),
    ("quality 90.5", with_option("quality", 90.5), 422, "invalid_request"),
    ("an unknown format", with_option("format", "gif"), 422, "invalid_request"),
    ("an unknown model", with_option("model", "nope"), 422, "unknown_model"),
    ("a model that is a path", with_option("model", "/etc"), 422, "unknown_model"),
    ("a model without a name", with_option("model", ""), 422, "invalid_request"),
    ("a bucket in capitals", with_source(bucket="Tintype"), 422, "invalid_bucket"),
    ("a bucket that is an ARN", with_source(bucket="arn:aws:s3:::x"), 422, "invalid_bucket"),
    ("a bucket that is a number", with_source(bucket=5), 422, "invalid_request"),
    ("a key that climbs", with_source(key="photos/../../a.jpg"), 422, "invalid_key"),
    ("a key with a line break", with_source(key="a\n.jpg"), 422, "invalid_key"),
    ("a key with a zero byte", with_source(key="a\0.jpg"), 422, "invalid_key"),
    ("an empty key", with_source(key=""), 422, "invalid_key"),
    ("a long key", with_source(key="x" * 1025), 422, "invalid_key"),
    ("a bad destination", order(destination=SOURCE | {"key": "../a"}), 422, "invalid_key"),
    ("destination is source", order(destination=SOURCE), 422, "destination_is_source"),
]

Form = dict[str, str | bytes]
FILE: Form = {"file": b"bytes"}
FORMS: list[tuple[str, Form, int, str]] = [
    ("no file", {"options": "{}"}, 422, "invalid_request"),
    ("a file that is text", {"file": "bytes"}, 422, "invalid_request"),
    ("an empty file", {"file": b""}, 422, "empty_object"),
    ("an unknown field", FILE | {"source": "a.jpg"}, 422, "invalid_request"),
    ("a second file", FILE | {"mask": b"bytes"}, 422, "invalid_request"),
    ("options that are a file", FILE | {"options": b"{}"}, 422, "invalid_request"),
    ("options that are not JSON", FILE | {"options": "vivid"}, 422, "invalid_request"),
    ("options that are a list", FILE | {"options": "[]"}, 422, "invalid_request"),
    ("deep options", FILE | {"options": "[" * 30_000}, 422, "invalid_request"),
    ("an unknown option", FILE | {"options": '{"hue": 1}'}, 422, "invalid_request"),
    ("an unknown model", FILE | {"options": '{"model": "nope"}'}, 422, "unknown_model"),
    ("a destination that is a key", FILE | {"destination": "a.png"}, 422, "invalid_request"),
    (
        "a destination that climbs",
        FILE | {"destination": '{"bucket": "tintype", "key": "../a"}'},
        422,
        "invalid_key",
    ),
]

NOBODY = "00000000-0000-7000-8000-000000000000"
REQUESTS = [
    ("GET", f"/v1/jobs/{NOBODY}", 404, "job_not_found"),
    ("GET", f"/v1/jobs/{NOBODY}/result", 404, "job_not_found"),
    ("GET", f"/v1/jobs/{NOBODY}/result?download=1", 404, "job_not_found"),
    ("GET", f"/v1/jobs/{NOBODY}/result?download=perhaps", 422, "invalid_request"),
    ("GET", "/v1/jobs/*", 404, "job_not_found"),
    ("GET", "/v1/jobs?cursor=yesterday", 400, "invalid_cursor"),
    ("GET", "/v1/jobs?cursor=%2B", 400, "invalid_cursor"),
    ("GET", "/v1/jobs?cursor=", 400, "invalid_cursor"),
    ("GET", "/v1/jobs?state=lost", 422, "invalid_request"),
    ("GET", "/v1/jobs?limit=0", 422, "invalid_request"),
    ("GET", "/v1/jobs?limit=501", 422, "invalid_request"),
    ("GET", "/v1/jobs?limit=many", 422, "invalid_request"),
    ("GET", "/v1/jobs?order=oldest", 422, "invalid_request"),
    ("GET", "/v1/photos", 404, "not_found"),
    ("GET", "/nothing", 404, "not_found"),
    ("DELETE", "/v1/jobs", 405, "method_not_allowed"),
    ("PUT", f"/v1/jobs/{NOBODY}", 405, "method_not_allowed"),
    ("POST", "/v1/models", 405, "method_not_allowed"),
    ("POST", "/healthz", 405, "method_not_allowed"),
]


def assert_problem(answer: TestResponse, status: int, code: str) -> None:
    """The answer is a whole problem document (RFC 9457)."""
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert {"type", "title", "status", "code", "detail"} <= set(answer.json)
    assert answer.json["status"] == status
    assert answer.json["code"] == code
    assert answer.json["title"] == answer.status.split(" ", 1)[1].title()
    assert answer.json["detail"].strip(" :")


def assert_nothing_happened(redis: Redis, jobs: JobStore) -> None:
    """No job is recorded and nothing is queued."""
    assert jobs.list() == ([], None)
    assert redis.llen(QUEUES[Priority.NORMAL]) == 0


@pytest.mark.parametrize(
    ("body", "status", "code"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)
def test_a_bad_order_is_refused(
    client: FlaskClient, redis: Redis, jobs: JobStore, body: str | bytes, status: int, code: str
) -> None:
    assert_problem(client.post("/v1/jobs", data=body, content_type=JSON), status, code)
    assert_nothing_happened(redis, jobs)


@pytest.mark.parametrize(
    ("form", "status", "code"), [case[1:] for case in FORMS], ids=[case[0] for case in FORMS]
)
def test_a_bad_form_is_refused(
    client: FlaskClient,
    redis: Redis,
    jobs: JobStore,
    form: Form,
    status: int,
    code: str,
) -> None:
    fields = {
        name: (io.BytesIO(value), "a.jpg") if isinstance(value, bytes) else value
        for name, value in form.items()
    }
    answer = client.post("/v1/jobs", data=fields, content_type="multipart/form-data")
    assert_problem(answer, status, code)
    assert_nothing_happened(redis, jobs)


def test_two_files_in_one_form_are_refused(
    client: FlaskClient, redis: Redis, jobs: JobStore
) -> None:
    files = [(io.BytesIO(b"bytes"), "a.jpg"), (io.BytesIO(b"bytes"), "b.jpg")]
    answer = client.post("/v1/jobs", data={"file": files})
    assert_problem(answer, 422, "invalid_request")
    assert_nothing_happened(redis, jobs)


@pytest.mark.parametrize(("method", "url", "status", "code"), REQUESTS)
def test_a_request_for_what_is_not_there_is_refused(
    client: FlaskClient, method: str, url: str, status: int, code: str
) -> None:
    answer = client.open(url, method=method)
    assert_problem(answer, status, code)
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(("path", "most"), [("jobs", MAX_JSON_BYTES), ("hooks/s3", MOST_BYTES)])
def test_a_long_body_of_unknown_length_is_refused_and_not_cut(
    hook: FlaskClient, redis: Redis, jobs: JobStore, path: str, most: int
) -> None:
    body = order().encode() + b" " * most
    chunked = {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = hook.post(
        f"/v1/{path}",
        input_stream=io.BytesIO(body),
        content_type=JSON,
        headers=BEARER,
        environ_overrides=chunked,
    )
    assert_problem(answer, 413, "body_too_large")
    assert_nothing_happened(redis, jobs)


@pytest.mark.parametrize("content_type", [None, "text/plain", "image/jpeg", "text/json"])
def test_a_body_of_another_kind_is_refused(
    client: FlaskClient, redis: Redis, jobs: JobStore, content_type: str | None
) -> None:
    answer = client.post("/v1/jobs", data=order(), content_type=content_type)
    assert_problem(answer, 415, "unsupported_media_type")
    assert "multipart/form-data" in answer.get_data(as_text=True)
    assert_nothing_happened(redis, jobs)


@pytest.mark.parametrize(
    ("above", "code"), [(1, "object_too_large"), (FORM_ALLOWANCE, "body_too_large")]
)
def test_a_file_with_too_many_bytes_is_refused(
    client: FlaskClient, redis: Redis, jobs: JobStore, settings: Settings, above: int, code: str
) -> None:
    file = ("a.jpg", bytes(settings.max_bytes + above))
    body, content_type = encode_multipart_formdata({"file": file})
    answer = client.post("/v1/jobs", data=body, content_type=content_type)
    assert_problem(answer, 413, code)
    assert_nothing_happened(redis, jobs)


def test_a_file_with_just_as_many_bytes_as_allowed_is_taken(
    client: FlaskClient, settings: Settings
) -> None:
    form = {"file": (io.BytesIO(bytes(settings.max_bytes)), "a.jpg")}
    assert client.post("/v1/jobs", data=form).status_code == 202


def test_a_bucket_for_uploads_that_is_not_there_is_named(
    settings: Settings, redis: Redis, jobs: JobStore
) -> None:
    app = create_app(settings.model_copy(update={"bucket": "no-such-bucket"}))
    answer = app.test_client().post("/v1/jobs", data={"file": (io.BytesIO(b"bytes"), "a.jpg")})
    assert_problem(answer, 404, "bucket_not_found")
    assert "no-such-bucket" in answer.get_data(as_text=True)
    assert_nothing_happened(redis, jobs)


def test_each_bad_value_is_named_by_its_field(client: FlaskClient) -> None:
    options = {"temperature": 2, "quality": 0}
    answer = client.post("/v1/jobs", json={"source": SOURCE, "options": options})
    assert answer.json is not None
    named = {error["field"] for error in answer.json["errors"]}
    assert named == {"options.temperature", "options.quality"}
    assert all(name in answer.json["detail"] for name in named)


def test_an_unexpected_error_keeps_its_details_to_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the secret")

    answer = app.test_client().get("/broken")
    assert_problem(answer, 500, "internal_error")
    assert "secret" not in answer.get_data(as_text=True)
    assert "the secret" in caplog.text
