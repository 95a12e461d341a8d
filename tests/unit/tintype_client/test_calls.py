"""What is asked, and how answers are read; nothing is sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tintype_client import ObjectRef, Options, TintypeApiError
from tintype_client.batch_calls import (
    cancel_batch,
    pause_batch,
    report,
    resume_batch,
    retry_failed,
    submit_batch,
)
from tintype_client.call import Call
from tintype_client.job_calls import job, ready, submit

HTTP = httpx.Client(base_url="http://api/below/", timeout=10)


def request(call: Call[Any]) -> httpx.Request:
    with call.request(HTTP) as made:
        made.read()
        return made


def test_an_object_is_ordered_by_its_name() -> None:
    call = submit(
        "s3://photos/1936/a b.jpg",
        destination=ObjectRef(bucket="photos", key="out.png"),
        options=Options(temperature=0.5),
        webhook="https://example.org/hook",
    )
    assert call.json == {
        "source": {"bucket": "photos", "key": "1936/a b.jpg"},
        "destination": {"bucket": "photos", "key": "out.png"},
        "options": {"temperature": 0.5},
        "webhook": {"url": "https://example.org/hook"},
    }


def test_each_order_has_a_key_of_its_own_unless_it_is_given_one() -> None:
    first, second = submit("s3://b/k"), submit("s3://b/k")
    assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]
    assert submit("s3://b/k", idempotency_key="mine").headers == {"Idempotency-Key": "mine"}


@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_file_goes_into_a_form(tmp_path: Path, as_bytes: bool) -> None:
    path = tmp_path / "Großmutter.jpg"
    path.write_bytes(b"photograph")
    source = path.read_bytes() if as_bytes else path
    call = submit(source, filename=path.name, options={"format": "png"}, priority="high")
    # A try does not use up the file.
    bodies = [request(call).content for _ in range(2)]
    for body in bodies:
        assert b"photograph" in body
        assert 'filename="Großmutter.jpg"'.encode() in body
        assert b'{"format": "png"}' in body
        assert b"\r\nhigh\r\n" in body


@pytest.mark.parametrize("url", ["s3://", "s3:///key", "s3://bucket", "s3://bucket/"])
def test_an_object_without_bucket_or_key_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/key"):
        submit(url)


@pytest.mark.parametrize(("wait", "header"), [(0, None), (0.2, "wait=1"), (600, "wait=60")])
def test_waiting_is_asked_for_in_whole_seconds(wait: float, header: str | None) -> None:
    made = request(job("1", wait=wait))
    assert made.headers.get("Prefer") == header
    waited = int(header.removeprefix("wait=")) if header else 0
    assert made.extensions["timeout"]["read"] == 10 + waited


def test_an_id_stays_one_segment_of_the_path() -> None:
    assert request(job("../x?y")).url.raw_path == b"/below/v1/jobs/..%2Fx%3Fy"


def test_a_batch_says_only_what_was_given() -> None:
    call = submit_batch("s3://photos/1936/", "s3://photos/colour/", exclude=["*/small/*"])
    assert call.json == {
        "source": {"bucket": "photos", "prefix": "1936/", "exclude": ["*/small/*"]},
        "destination": {"bucket": "photos", "prefix": "colour/"},
    }
    dry = submit_batch("s3://photos", "s3://out", manifest="s3://lists/a.csv", dry_run=True)
    assert dry.json["source"]["manifest"] == {"bucket": "lists", "key": "a.csv"}
    assert dry.json["dry_run"] is True


@pytest.mark.parametrize(
    ("make", "end"),
    [
        (pause_batch, "pause"),
        (resume_batch, "resume"),
        (cancel_batch, "cancel"),
        (retry_failed, "retry-failed"),
    ],
)
def test_a_batch_is_told_what_to_do(make: Callable[[str], Call[Any]], end: str) -> None:
    made = request(make("1"))
    assert (made.method, made.url.path) == ("POST", f"/below/v1/batches/1/{end}")


def test_a_report_comes_through_the_api() -> None:
    assert request(report("1", "json")).url.query == b"format=json&download=1"


def test_an_error_has_the_code_and_the_fields_of_the_problem() -> None:
    fields = [{"field": "options.quality", "message": "too high"}]
    body = {"code": "invalid_request", "detail": "options.quality: too high", "errors": fields}
    with pytest.raises(TintypeApiError, match="quality: too high") as raised:
        job("1").answer(httpx.Response(422, json=body, headers={"Retry-After": "7"}))
    error = raised.value
    assert (error.status, error.code, error.retry_after) == (422, "invalid_request", 7)
    assert error.fields == tuple(fields)


@pytest.mark.parametrize(
    "body", ["<html>bad  gateway</html>", "[]", '{"code": 1, "errors": 7}', "", "[" * 100_000]
)
def test_an_error_of_something_in_front_of_the_api_is_an_error_too(body: str) -> None:
    with pytest.raises(TintypeApiError) as raised:
        job("1").answer(httpx.Response(502, text=body))
    assert raised.value.status == 502


@pytest.mark.parametrize("body", ["", "<html>sign in</html>", "[]", '{"id": "1"}'])
def test_an_answer_that_is_no_record_is_an_error(body: str) -> None:
    with pytest.raises(TintypeApiError) as raised:
        job("1").answer(httpx.Response(200, text=body))
    assert raised.value.code == "unexpected_answer"
    assert body in raised.value.detail
    assert len(raised.value.detail.splitlines()) == 1


def test_not_being_ready_is_an_answer() -> None:
    body = {
        "status": 503,
        "code": "not_ready",
        "detail": "redis: away",
        "checks": {"redis": "away"},
    }
    answer = ready().answer(httpx.Response(503, json=body))
    assert not answer.ok
    assert answer.checks == {"redis": "away"}
