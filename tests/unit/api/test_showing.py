"""Images for the page to show: bytes that nobody vouches for, in the address space of the page."""

import pytest
from flask.testing import FlaskClient

from core.jobs import Job, JobRequest, JobStore
from core.objects import ObjectRef
from core.storage import Storage
from tests.support.images import encoded, gradient
from tests.unit.api.conftest import Finish

PHOTO = encoded(gradient(seed=3))
PAGE = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture
def job(jobs: JobStore) -> Job:
    return jobs.create(JobRequest(source=ObjectRef(bucket="tintype", key="photos/shown.jpg")))


def test_a_result_is_shown(client: FlaskClient, job: Job, finish: Finish) -> None:
    finish(job.id, PHOTO)
    answer = client.get(f"/v1/jobs/{job.id}/result?inline=1")
    assert (answer.status_code, answer.data) == (200, PHOTO)
    assert answer.content_type == "image/jpeg"
    assert answer.content_length == len(PHOTO)
    assert answer.headers["Content-Disposition"].startswith("inline; ")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "private, max-age=3600"
    assert {"Authorization", "Cookie"} <= answer.vary.as_set(preserve_casing=True)
    again = client.get(
        f"/v1/jobs/{job.id}/result?inline=1", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("format", "content_type"),
    [("PNG", "image/png"), ("WEBP", "image/webp"), ("AVIF", "image/avif")],
)
def test_a_source_is_shown_as_what_its_bytes_say(
    client: FlaskClient, job: Job, storage: Storage, format: str, content_type: str
) -> None:
    data = encoded(gradient(seed=4), format)
    storage.store(job.source, data, "text/html")
    answer = client.get(f"/v1/jobs/{job.id}/result?part=source&inline=1")
    assert (answer.status_code, answer.data) == (200, data)
    assert answer.content_type == content_type


@pytest.mark.parametrize(
    "data",
    [PAGE, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"II*\0" + b"\0" * 20, b"", b"%PDF"],
)
def test_anything_else_is_never_shown(
    client: FlaskClient, job: Job, storage: Storage, data: bytes
) -> None:
    storage.store(job.source, data, "image/jpeg")
    answer = client.get(f"/v1/jobs/{job.id}/result?part=source&inline=1")
    assert answer.status_code == 415
    assert answer.json is not None
    assert answer.json["code"] == "not_shown"


def test_a_source_can_be_downloaded_whole_and_its_beginning_alone(
    client: FlaskClient, job: Job, storage: Storage
) -> None:
    storage.store(job.source, PAGE, "text/html")
    whole = client.get(f"/v1/jobs/{job.id}/result?part=source&download=1")
    assert (whole.status_code, whole.data) == (200, PAGE)
    assert whole.content_type == "application/octet-stream"
    assert whole.headers["Content-Disposition"].startswith("attachment; ")
    part = client.get(f"/v1/jobs/{job.id}/result?part=source&bytes=16")
    assert (part.status_code, part.data, part.content_length) == (200, PAGE[:16], 16)
    assert client.get(f"/v1/jobs/{job.id}/result?part=source").status_code == 302


def test_a_source_that_is_gone_says_so(client: FlaskClient, jobs: JobStore) -> None:
    gone = jobs.create(JobRequest(source=ObjectRef(bucket="tintype", key="photos/gone.jpg")))
    for query in ("inline=1", "download=1", "bytes=100"):
        answer = client.get(f"/v1/jobs/{gone.id}/result?part=source&{query}")
        assert answer.status_code == 410, query


@pytest.mark.parametrize(
    "query", ["bytes=0", "bytes=15", "bytes=1048577", "inline=1&bytes=100", "inline=1&download=1"]
)
def test_queries_that_cannot_be_are_refused(client: FlaskClient, job: Job, query: str) -> None:
    assert client.get(f"/v1/jobs/{job.id}/result?{query}").status_code == 422
