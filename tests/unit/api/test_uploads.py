"""Uploads past the API, with real servers: PUT with exactly what the answer says."""

import io
from dataclasses import replace
from typing import Any, cast

import pytest
import urllib3
from flask.testing import FlaskClient
from redis import Redis

from api.app import create_app
from api.services import EXTENSION
from core.jobs import JobStore
from core.jobs.uploads import Uploads, UploadState, upload_id
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from core.upload_storage import MAX_PARTS, PART_BYTES, UploadStorage, part_sizes
from tests.support.jobs import REQUEST
from tests.support.redis import UPLOADS, upload_comes_due
from tests.unit.api.conftest import LARGE
from tests.unit.api.test_bad_requests import assert_problem
from worker.expiry import Expiry

FILE = b"a photograph"
WANTED = {"filename": "scan.tif", "bytes": len(FILE), "content_type": "image/tiff"}


def begun(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/uploads", json=WANTED | changes)
    assert answer.status_code == 201, answer.json
    assert answer.location == f"/v1/uploads/{answer.json['id']}" if answer.json else False
    return dict(answer.json or {})


def put(url: str, body: bytes, headers: dict[str, str] | None = None) -> int:
    return urllib3.request("PUT", url, body=body, headers=headers, retries=False).status


def state(client: FlaskClient, upload: dict[str, Any]) -> str:
    answer = client.get(f"/v1/uploads/{upload['id']}")
    assert answer.json is not None
    return str(answer.json["state"])


def sent(upload: dict[str, Any]) -> list[dict[str, Any]]:
    """PUT every part of a large file, each full of its number; return what completes it."""
    parts = []
    for part in upload["parts"]:
        body = bytes([part["number"]]) * part["bytes"]
        answer = urllib3.request("PUT", part["url"], body=body, retries=False)
        assert answer.status == 200
        parts.append({"number": part["number"], "etag": answer.headers["ETag"]})
    return parts


def test_a_file_is_put_with_what_the_answer_says_and_becomes_a_source(
    client: FlaskClient, storage: Storage, jobs: JobStore
) -> None:
    upload = begun(client)
    assert (upload["method"], upload["parts"], upload["state"]) == ("PUT", None, "pending")
    assert upload["expires"].endswith("Z")
    assert upload["expires"] < upload["kept_until"]
    assert put(upload["url"], FILE, upload["headers"]) == 200
    stored = storage.fetch(ObjectRef(**upload["source"]), 100)
    assert (stored.data, stored.content_type) == (FILE, "image/tiff")
    assert state(client, upload) == "complete"
    answer = client.post("/v1/jobs", json={"source": upload["source"]})
    assert answer.status_code == 202
    assert jobs.list()[0][0].source == ObjectRef(**upload["source"])
    assert state(client, upload) == "used"
    assert_problem(client.delete(f"/v1/uploads/{upload['id']}"), 409, "wrong_state")


@pytest.mark.parametrize("body", [FILE[:-1], FILE + b"!", b""])
def test_a_file_of_another_size_is_refused_by_storage(
    client: FlaskClient, storage: Storage, body: bytes
) -> None:
    upload = begun(client)
    plain = {"Content-Type": upload["headers"]["Content-Type"]}
    assert put(upload["url"], body, plain) == 403
    assert storage.head(ObjectRef(**upload["source"])) is None
    assert state(client, upload) == "pending"


def test_another_type_and_another_key_are_refused_by_storage(client: FlaskClient) -> None:
    upload = begun(client)
    assert put(upload["url"], FILE, {"Content-Type": "text/html"}) == 403
    elsewhere = upload["url"].replace("/scan.tif?", "/other.tif?")
    assert put(elsewhere, FILE, upload["headers"]) == 403


def test_urls_name_the_public_endpoint_and_die(settings: Settings) -> None:
    changes = {"s3_public_endpoint": "https://photos.example", "presign_seconds": 60}
    upload = begun(create_app(settings.model_copy(update=changes)).test_client())
    assert upload["url"].startswith("https://photos.example/tintype/uploads/")
    assert "X-Amz-Expires=60" in upload["url"]
    short = settings.model_copy(update={"upload_ttl": 5.5})
    assert "X-Amz-Expires=5&" in begun(create_app(short).test_client())["url"]


def test_a_large_file_comes_in_parts(large: FlaskClient, storage: Storage) -> None:
    upload = begun(large, bytes=LARGE)
    assert upload["url"] is None
    assert [part["bytes"] for part in upload["parts"]] == [PART_BYTES, PART_BYTES, 7]
    source = {"source": upload["source"]}
    parts = sent(upload)
    assert_problem(large.post("/v1/jobs", json=source), 404, "source_not_found")
    answers = [
        large.post(f"/v1/uploads/{upload['id']}/complete", json={"parts": order})
        for order in (parts[::-1], parts)
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.json is not None
        assert (answer.json["state"], answer.json["source"]) == ("complete", upload["source"])
    data = storage.fetch(ObjectRef(**upload["source"]), LARGE).data
    assert (len(data), data[PART_BYTES - 1], data[PART_BYTES], data[-1]) == (LARGE, 1, 2, 3)
    assert large.post("/v1/jobs", json=source).status_code == 202
    answer = large.post(f"/v1/uploads/{upload['id']}/complete", json={"parts": parts})
    assert (answer.json or {})["state"] == "used"


def test_a_completion_whose_answer_was_lost_can_be_sent_again(
    large: FlaskClient, redis: Redis
) -> None:
    upload = begun(large, bytes=LARGE)
    body = {"parts": sent(upload)}
    path = f"/v1/uploads/{upload['id']}/complete"
    assert large.post(path, json=body).status_code == 200
    redis.hset(f"{{tintype}}:upload:{upload['id']}", "state", "pending")
    assert large.post(path, json=body).status_code == 200
    assert state(large, upload) == "complete"


def test_wrong_parts_are_named_and_spoil_nothing(large: FlaskClient) -> None:
    upload = begun(large, bytes=LARGE)
    path = f"/v1/uploads/{upload['id']}/complete"
    assert put(upload["parts"][2]["url"], b"short") == 403
    claimed = [{"number": number, "etag": "0" * 32} for number in (1, 2, 3)]
    assert_problem(large.post(path, json={"parts": claimed}), 409, "upload_incomplete")
    parts = sent(upload)
    wrong = [*parts[:2], {"number": 3, "etag": parts[0]["etag"]}]
    answer = large.post(path, json={"parts": wrong})
    assert_problem(answer, 409, "upload_incomplete")
    assert "part: 3;" in answer.get_data(as_text=True)
    for numbers in (parts[:2], [*parts, {"number": 4, "etag": "x"}]):
        assert_problem(large.post(path, json={"parts": numbers}), 422, "invalid_request")
    assert large.post(path, json={"parts": parts}).status_code == 200


def test_parts_that_storage_has_forgotten_are_named(
    large: FlaskClient, storage: Storage, redis: Redis
) -> None:
    upload = begun(large, bytes=LARGE)
    parts = sent(upload)
    multipart = str(redis.hget(f"{{tintype}}:upload:{upload['id']}", "multipart"))
    bucket, key = upload["source"].values()
    storage._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=multipart)
    answer = large.post(f"/v1/uploads/{upload['id']}/complete", json={"parts": parts})
    assert_problem(answer, 409, "upload_incomplete")


def test_a_file_that_comes_whole_has_nothing_to_complete(client: FlaskClient) -> None:
    path = f"/v1/uploads/{begun(client)['id']}/complete"
    body = {"parts": [{"number": 1, "etag": "x"}]}
    assert_problem(client.post(path, json=body), 409, "wrong_state")


def test_a_deleted_upload_is_gone_and_stays_so(large: FlaskClient, storage: Storage) -> None:
    whole, parts = begun(large), begun(large, bytes=LARGE)
    assert put(whole["url"], FILE, whole["headers"]) == 200
    etags = sent(parts)
    for upload in (whole, parts):
        for _ in range(2):
            answer = large.delete(f"/v1/uploads/{upload['id']}")
            assert (answer.status_code, answer.data) == (204, b"")
        assert storage.head(ObjectRef(**upload["source"])) is None
        assert state(large, upload) == "expired"
        answer = large.post("/v1/jobs", json={"source": upload["source"]})
        assert_problem(answer, 410, "upload_expired")
    answer = large.post(f"/v1/uploads/{parts['id']}/complete", json={"parts": etags})
    assert_problem(answer, 410, "upload_expired")
    assert put(parts["parts"][0]["url"], bytes(PART_BYTES)) == 404


def test_while_storage_is_away_a_deletion_is_left_to_the_workers(
    settings: Settings, redis: Redis, closed_port: int
) -> None:
    away = settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{closed_port}"})
    client = create_app(away).test_client()
    upload = begun(client)
    assert client.delete(f"/v1/uploads/{upload['id']}").status_code == 503
    assert redis.zrange(UPLOADS, 0, -1) == [upload["id"]]
    assert Uploads(redis, 60).get(upload["id"]).state is UploadState.EXPIRED


def test_without_redis_no_upload_is_begun(settings: Settings, closed_port: int) -> None:
    away = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{closed_port}/0"})
    answer = create_app(away).test_client().post("/v1/uploads", json=WANTED)
    assert_problem(answer, 503, "queue_unavailable")


class Slow(UploadStorage):
    """Storage so slow that others fill the queue meanwhile."""

    jobs: JobStore

    def store(self, *args: Any, **more: Any) -> str:
        etag = super().store(*args, **more)
        self.jobs.create(REQUEST)
        return etag


def test_a_forms_file_expires_if_no_job_comes_of_it(
    settings: Settings, redis: Redis, jobs: JobStore
) -> None:
    app = create_app(settings.model_copy(update={"max_queued": 1}))
    storage, uploads = Slow(settings), Uploads(redis, 60)
    storage.jobs = jobs
    app.extensions[EXTENSION] = replace(app.extensions[EXTENSION], storage=storage)
    answer = app.test_client().post("/v1/jobs", data={"file": (io.BytesIO(FILE), "a.jpg")})
    assert_problem(answer, 429, "queue_full")
    [orphan] = cast(list[str], redis.zrange(UPLOADS, 0, -1))
    source = uploads.get(orphan).source
    assert storage.fetch(source, 100).data == FILE
    upload_comes_due(redis, orphan)
    Expiry(uploads, storage).expire()
    assert storage.head(source) is None


def test_a_forms_file_stays_if_a_job_has_it(client: FlaskClient, redis: Redis) -> None:
    answer = client.post("/v1/jobs", data={"file": (io.BytesIO(FILE), "a.jpg")})
    source = ObjectRef(**(answer.json or {})["source"])
    assert redis.zcard(UPLOADS) == 0
    assert state(client, {"id": upload_id(source)}) == "used"


def test_an_upload_needs_no_rule(settings: Settings) -> None:
    guarded = create_app(settings.model_copy(update={"buckets": "photos:read"})).test_client()
    upload = begun(guarded)
    assert guarded.post("/v1/jobs", json={"source": upload["source"]}).status_code == 202


@pytest.mark.parametrize("size", [1, PART_BYTES, PART_BYTES + 1, LARGE, 10**12])
def test_parts_add_up_and_are_not_too_many(size: int) -> None:
    sizes = part_sizes(size)
    assert sum(sizes) == size
    assert len(sizes) <= MAX_PARTS
    assert all(each == sizes[0] for each in sizes[:-1])
    assert (len(sizes) == 1) == (size <= PART_BYTES)
