import io
from pathlib import Path

import pytest
import urllib3

from core.errors import (
    BucketNotFound,
    InvalidCursor,
    ObjectTooLarge,
    SourceNotFound,
    StorageDenied,
    StorageRefused,
    StorageUnavailable,
)
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.http_files import Files, serving

PHOTO = ObjectRef(bucket="tintype", key="scans/Grüße 1 + 2.jpg")


def test_what_was_stored_comes_back(storage: Storage) -> None:
    storage.store(PHOTO, b"bytes", "image/jpeg", {"tintype-job": "7"})
    stored = storage.fetch(PHOTO, 100)
    assert (stored.data, stored.content_type) == (b"bytes", "image/jpeg")
    assert stored.etag
    assert '"' not in stored.etag
    opened = storage.stream(PHOTO)
    assert (opened.etag, opened.length, b"".join(opened.chunks)) == (stored.etag, 5, b"bytes")
    beginning = storage.stream(PHOTO, most=2)
    assert (beginning.length, b"".join(beginning.chunks)) == (2, b"by")
    assert b"".join(storage.stream(PHOTO, most=1000).chunks) == b"bytes"


def test_a_file_can_be_stored_from_a_stream(storage: Storage) -> None:
    ref = ObjectRef(bucket="tintype", key="stream.bin")
    storage.store(ref, io.BytesIO(b"x" * 3_000_000), "application/octet-stream")
    assert len(storage.fetch(ref, 4_000_000).data) == 3_000_000


def test_metadata_is_kept(storage: Storage) -> None:
    ref = ObjectRef(bucket="tintype", key="metadata.jpg")
    storage.store(ref, b"x", "image/jpeg", {"tintype-source-etag": "abc"})
    head = storage._client.head_object(Bucket=ref.bucket, Key=ref.key)
    assert {name.lower(): value for name, value in head["Metadata"].items()} == {
        "tintype-source-etag": "abc"
    }


@pytest.mark.parametrize(("size", "limit"), [(11, 10), (2_500_000, 1_200_000)])
def test_an_object_over_the_limit_is_refused(storage: Storage, size: int, limit: int) -> None:
    ref = ObjectRef(bucket="tintype", key=f"large-{size}.bin")
    storage.store(ref, b"x" * size, "application/octet-stream")
    with pytest.raises(ObjectTooLarge, match="TINTYPE_MAX_BYTES"):
        storage.fetch(ref, limit)
    assert len(storage.fetch(ref, size).data) == size


def test_an_unknown_key_and_an_unknown_bucket_differ(storage: Storage) -> None:
    with pytest.raises(SourceNotFound):
        storage.fetch(ObjectRef(bucket="tintype", key="no/such.jpg"), 10)
    with pytest.raises(BucketNotFound, match="'nowhere'"):
        storage.fetch(ObjectRef(bucket="nowhere", key="a.jpg"), 10)
    with pytest.raises(BucketNotFound):
        storage.check("nowhere")


def test_wrong_credentials_are_told_apart_from_an_outage(s3_settings: Settings) -> None:
    wrong = s3_settings.model_copy(update={"s3_access_key": "someone-else"})
    with pytest.raises(StorageDenied, match="credentials"):
        Storage(wrong).check("tintype")


def test_a_closed_port_is_an_outage(closed_port: int) -> None:
    settings = Settings(
        s3_endpoint=f"http://127.0.0.1:{closed_port}", s3_access_key="a" * 8, s3_secret_key="b" * 8
    )
    with pytest.raises(StorageUnavailable, match="TINTYPE_S3_ENDPOINT"):
        Storage(settings).fetch(PHOTO, 10)


def test_a_presigned_url_downloads_without_credentials(storage: Storage) -> None:
    storage.store(PHOTO, b"colour", "image/jpeg")
    answer = urllib3.request("GET", storage.presign(PHOTO, "image/jpeg"))
    assert (answer.status, answer.data) == (200, b"colour")
    refused = urllib3.request("GET", storage.presign(PHOTO, "image/jpeg").split("?")[0])
    assert refused.status in (400, 401, 403)


@pytest.mark.parametrize("content_type", ["image/jpeg", "text/csv; charset=utf-8"])
def test_what_was_stored_as_a_page_comes_back_as_a_file(
    storage: Storage, content_type: str
) -> None:
    page = ObjectRef(bucket="tintype", key="colorized/page.html")
    storage.store(page, b"<script>alert(1)</script>", "text/html")
    answer = urllib3.request("GET", storage.presign(page, content_type))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''page.html"


def test_the_type_and_the_time_of_a_presigned_url_are_signed(storage: Storage) -> None:
    page = ObjectRef(bucket="tintype", key="colorized/page.html")
    storage.store(page, b"<script>alert(1)</script>", "text/html")
    url = storage.presign(page, "image/jpeg")
    assert "X-Amz-Expires=900&" in url
    for changed in (
        url.replace("image%2Fjpeg", "text%2Fhtml"),
        url.replace("attachment", "inline"),
        url.replace("X-Amz-Expires=900", "X-Amz-Expires=9000"),
    ):
        assert changed != url
        assert urllib3.request("GET", changed).status == 403


def test_presigned_urls_name_the_public_endpoint(s3_settings: Settings) -> None:
    public = s3_settings.model_copy(update={"s3_public_endpoint": "https://photos.example"})
    assert Storage(public).presign(PHOTO, "image/jpeg").startswith("https://photos.example/")


def test_ensuring_a_bucket_twice_does_no_harm(storage: Storage) -> None:
    for _ in range(2):
        storage.ensure_bucket("second-bucket")
    storage.check("second-bucket")


def test_a_request_that_can_never_work_is_no_outage(storage: Storage) -> None:
    with pytest.raises(StorageRefused, match="InvalidArgument"):
        storage.store(ObjectRef(bucket="tintype", key="a//b.jpg"), b"x", "image/jpeg")


def test_missing_credentials_are_named(
    s3_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    anonymous = Storage(s3_settings.without("s3_access_key", "s3_secret_key"))
    with pytest.raises(StorageDenied, match="TINTYPE_S3_ACCESS_KEY"):
        anonymous.check("tintype")
    with pytest.raises(StorageDenied, match="TINTYPE_S3_ACCESS_KEY"):
        anonymous.presign(PHOTO, "image/jpeg")


def test_a_prefix_of_other_objects_is_told_from_an_object(storage: Storage) -> None:
    storage.store(ObjectRef(bucket="tintype", key="folder/a.jpg"), b"x", "image/jpeg")
    assert storage.is_prefix(ObjectRef(bucket="tintype", key="folder"))
    assert not storage.is_prefix(ObjectRef(bucket="tintype", key="fold"))
    assert not storage.is_prefix(ObjectRef(bucket="tintype", key="folder/a.jpg"))


@pytest.mark.parametrize(("body", "announced"), [(b"", 1000), (b"x" * 50, -1)])
def test_the_limit_holds_before_and_while_an_object_is_read(body: bytes, announced: int) -> None:
    ref = ObjectRef(bucket="tintype", key="a.jpg")
    with serving(Files({"tintype/a.jpg": body}, announced=announced)) as server:
        settings = Settings(s3_endpoint=server.url, s3_access_key="a" * 8, s3_secret_key="b" * 8)
        with pytest.raises(ObjectTooLarge):
            Storage(settings).fetch(ref, 20)


def test_a_token_that_storage_never_gave_is_no_fault_of_storage(storage: Storage) -> None:
    with pytest.raises(InvalidCursor):
        storage.browse("tintype", "", "pnm")
