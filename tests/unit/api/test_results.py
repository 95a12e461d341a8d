from pathlib import Path

import pytest
import urllib3
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from core.jobs import Attempts, JobRequest, JobStore
from core.objects import ObjectRef
from core.storage import Storage
from tests.support.images import encoded, gradient
from tests.support.jobs import SKIPPED, started
from tests.unit.api.conftest import Finish

REQUEST = JobRequest(source=ObjectRef(bucket="tintype", key="photos/a.jpg"))


def test_an_unfinished_job_has_no_result(
    client: FlaskClient, jobs: JobStore, attempts: Attempts
) -> None:
    job = jobs.create(REQUEST)
    started(attempts, job.id)
    for query in ("", "?download=1"):
        answer = client.get(f"/v1/jobs/{job.id}/result{query}")
        assert answer.status_code == 409
        assert answer.json is not None
        assert answer.json["code"] == "conflict"
        assert "running" in answer.json["detail"]


def test_a_skipped_job_has_no_result_and_says_why(
    client: FlaskClient, jobs: JobStore, attempts: Attempts
) -> None:
    place = ObjectRef(bucket="tintype", key="colour/a.jpg")
    job = jobs.create(REQUEST.model_copy(update={"destination": place}))
    assert attempts.skip(started(attempts, job.id), SKIPPED)
    assert jobs.get(job.id).destination == place
    for query in ("", "?download=1"):
        answer = client.get(f"/v1/jobs/{job.id}/result{query}")
        assert answer.status_code == 409
        assert answer.json is not None
        assert answer.json["code"] == "conflict"
        assert "already_color" in answer.json["detail"]


def test_a_result_is_a_redirect_to_storage_that_needs_no_key(
    client: FlaskClient, jobs: JobStore, finish: Finish
) -> None:
    photo = encoded(gradient(seed=1))
    job = jobs.create(REQUEST)
    finish(job.id, photo)
    answer = client.get(f"/v1/jobs/{job.id}/result")
    assert answer.status_code == 302
    with urllib3.PoolManager() as http:
        download = http.request("GET", answer.location, timeout=10)
    assert download.status == 200
    assert download.data == photo
    assert download.headers["Content-Type"] == "image/jpeg"
    assert download.headers["Content-Disposition"].startswith("attachment;")


def test_a_result_that_someone_has_replaced_by_a_page_is_no_page(
    client: FlaskClient, jobs: JobStore, finish: Finish, storage: Storage
) -> None:
    job = jobs.create(REQUEST)
    place = finish(job.id, b"colour")
    storage.store(place, b"<script>alert(1)</script>", "text/html")
    redirected = client.get(f"/v1/jobs/{job.id}/result").location
    download = urllib3.request("GET", redirected)
    streamed = client.get(f"/v1/jobs/{job.id}/result?download=1")
    for headers in (download.headers, streamed.headers):
        assert headers["Content-Type"] == "image/jpeg"
        assert headers["Content-Disposition"].startswith("attachment;")
    assert streamed.headers["X-Content-Type-Options"] == "nosniff"


def test_a_result_is_streamed_on_request(
    client: FlaskClient, jobs: JobStore, finish: Finish
) -> None:
    photo = encoded(gradient(seed=2))
    job = jobs.create(REQUEST)
    destination = finish(job.id, photo)
    answer = client.get(f"/v1/jobs/{job.id}/result?download=1")
    assert answer.status_code == 200
    assert answer.data == photo
    assert answer.content_type == "image/jpeg"
    name = Path(destination.key).name
    assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.content_length == len(photo)


def test_a_head_request_is_redirected_to_where_it_works(
    client: FlaskClient, jobs: JobStore, finish: Finish
) -> None:
    job = jobs.create(REQUEST)
    finish(job.id, b"colour")
    answer = client.head(f"/v1/jobs/{job.id}/result")
    with urllib3.PoolManager() as http:
        assert http.request("HEAD", answer.location, timeout=10).status == 200
    streamed = client.head(f"/v1/jobs/{job.id}/result?download=1")
    assert (streamed.status_code, streamed.data, streamed.content_length) == (200, b"", 6)


@pytest.mark.parametrize("name", ["Опа 1931.jpg", "é.jpg", "祖母🖼.png", 'a"b;c.jpg'])
def test_a_download_keeps_a_name_in_any_script(
    client: FlaskClient, jobs: JobStore, finish: Finish, name: str
) -> None:
    job = jobs.create(REQUEST)
    finish(job.id, b"colour", f"colorized/{name}")
    answer = client.get(f"/v1/jobs/{job.id}/result?download=1")
    header = answer.headers["Content-Disposition"]
    assert header.isascii()
    assert parse_options_header(header)[1]["filename"] == name


def test_a_result_that_someone_deleted_is_gone(
    client: FlaskClient, jobs: JobStore, storage: Storage, finish: Finish
) -> None:
    job = jobs.create(REQUEST)
    destination = finish(job.id, b"colour")
    storage._client.delete_object(Bucket=destination.bucket, Key=destination.key)
    answer = client.get(f"/v1/jobs/{job.id}/result?download=1")
    assert answer.status_code == 410
    assert answer.json is not None
    assert answer.json["code"] == "result_gone"
