import io

import pytest
import urllib3

from core.errors import (
    BucketNotFound,
    ObjectTooLarge,
    SourceNotFound,
    StorageDenied,
    StorageUnavailable,
)
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage

PHOTO = ObjectRef(bucket="tintype", key="scans/Grüße 1 + 2.jpg")


def test_what_was_stored_comes_back(storage: Storage) -> None:
    storage.store(PHOTO, b"bytes", "image/jpeg", {"tintype-job": "7"})
    stored = storage.fetch(PHOTO, 100)
    assert (stored.data, stored.content_type) == (b"bytes", "image/jpeg")
    assert stored.etag
    assert '"' not in stored.etag
    length, chunks = storage.stream(PHOTO)
    assert (length, b"".join(chunks)) == (5, b"bytes")


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


def test_presigned_urls_name_the_public_endpoint(s3_settings: Settings) -> None:
    public = s3_settings.model_copy(update={"s3_public_endpoint": "https://photos.example"})
    assert Storage(public).presign(PHOTO, "image/jpeg").startswith("https://photos.example/")


def test_ensuring_a_bucket_twice_does_no_harm(storage: Storage) -> None:
    for _ in range(2):
        storage.ensure_bucket("second-bucket")
    storage.check("second-bucket")
