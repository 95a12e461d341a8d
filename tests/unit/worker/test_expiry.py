"""Uploads that nobody used go, with real servers, and nothing else does."""

import logging

import pytest
import urllib3
from redis import Redis

from core.errors import StorageDenied, StorageUnavailable
from core.jobs import JobRequest, JobStore
from core.jobs.uploads import Upload, Uploads, new_source
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from core.upload_storage import UploadStorage
from tests.support.redis import UPLOADS, upload_comes_due, urls_die
from worker.expiry import Expiry

FOREIGN = ObjectRef(bucket="tintype", key="family/album.jpg")


@pytest.fixture
def uploads(redis: Redis) -> Uploads:
    return Uploads(redis, 3600)


@pytest.fixture
def upload_storage(s3_settings: Settings) -> UploadStorage:
    return UploadStorage(s3_settings)


@pytest.fixture
def expiry(uploads: Uploads, upload_storage: UploadStorage) -> Expiry:
    return Expiry(uploads, upload_storage)


def stored(uploads: Uploads, storage: Storage, url_seconds: float = 0) -> Upload:
    """An upload whose file has arrived."""
    upload = uploads.open(new_source("tintype", "a.jpg"), 5, url_seconds)
    storage.store(upload.source, b"photo", "image/jpeg")
    return upload


def test_only_what_is_due_and_unused_is_deleted(
    expiry: Expiry, uploads: Uploads, storage: Storage, jobs: JobStore, redis: Redis
) -> None:
    due, used, fresh = (stored(uploads, storage) for _ in range(3))
    for upload in (due, used):
        upload_comes_due(redis, upload.id)
    jobs.create(JobRequest(source=used.source))
    expiry.expire()
    there = [storage.head(upload.source) is not None for upload in (due, used, fresh)]
    assert there == [False, True, True]


def test_a_file_that_never_came_is_no_trouble(
    expiry: Expiry, uploads: Uploads, redis: Redis
) -> None:
    upload = uploads.open(new_source("tintype", "a.jpg"), 5)
    upload_comes_due(redis, upload.id)
    expiry.expire()
    assert redis.zcard(UPLOADS) == 0


def test_parts_that_nobody_joined_are_dropped(
    expiry: Expiry, uploads: Uploads, upload_storage: UploadStorage, redis: Redis
) -> None:
    source = new_source("tintype", "a.tif")
    multipart = upload_storage.begin_parts(source, "image/tiff")
    upload = uploads.open(source, 5, 60, multipart)
    url = upload_storage.presign_part(source, multipart, 1, 5, 60)
    assert urllib3.request("PUT", url, body=b"photo").status == 200
    upload_comes_due(redis, upload.id)
    expiry.expire()
    assert urllib3.request("PUT", url, body=b"photo").status == 404
    # Once more changes nothing.
    upload_comes_due(redis, upload.id)
    expiry.expire()


def test_a_file_that_arrives_after_the_deletion_goes_too(
    expiry: Expiry, uploads: Uploads, upload_storage: UploadStorage, redis: Redis
) -> None:
    upload = uploads.open(new_source("tintype", "a.jpg"), 5, 60)
    url = upload_storage.presign_put(upload.source, "image/jpeg", 5, 60)
    upload_comes_due(redis, upload.id)
    expiry.expire()
    headers = {"Content-Type": "image/jpeg"}
    assert urllib3.request("PUT", url, body=b"photo", headers=headers).status == 200
    urls_die(redis, upload.id)
    upload_comes_due(redis, upload.id)
    expiry.expire()
    assert upload_storage.head(upload.source) is None
    assert redis.zcard(UPLOADS) == 0


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("tintype", FOREIGN.key),
        ("second-bucket", "uploads/{id}/a.jpg"),
        ("tintype", "uploads/0198c0de-0000-7000-8000-000000000000/a.jpg"),
        ("tintype", "uploads/{id}/more/a.jpg"),
        ("tintype", "family/uploads/{id}/a.jpg"),
    ],
)
def test_no_record_can_have_anything_else_deleted(
    expiry: Expiry,
    uploads: Uploads,
    storage: Storage,
    redis: Redis,
    caplog: pytest.LogCaptureFixture,
    bucket: str,
    key: str,
) -> None:
    storage.ensure_bucket("second-bucket")
    upload = stored(uploads, storage)
    foreign = ObjectRef(bucket=bucket, key=key.format(id=upload.id))
    storage.store(foreign, b"album", "image/jpeg")
    for field, value in foreign.model_dump().items():
        redis.hset(f"{{tintype}}:upload:{upload.id}", field, value)
    upload_comes_due(redis, upload.id)
    expiry.expire()
    assert storage.fetch(foreign, 10).data == b"album"
    assert redis.zcard(UPLOADS) == 0
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_while_storage_is_away_nothing_is_forgotten(
    expiry: Expiry,
    uploads: Uploads,
    s3_settings: Settings,
    storage: Storage,
    redis: Redis,
    closed_port: int,
) -> None:
    upload = stored(uploads, storage)
    upload_comes_due(redis, upload.id)
    away = s3_settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{closed_port}"})
    with pytest.raises(StorageUnavailable):
        Expiry(uploads, UploadStorage(away)).expire()
    expiry.expire()
    assert storage.head(upload.source), "someone else may be at it"
    upload_comes_due(redis, upload.id)
    expiry.expire()
    assert storage.head(upload.source) is None


def test_what_storage_refuses_keeps_no_other(
    uploads: Uploads, s3_settings: Settings, storage: Storage, redis: Redis
) -> None:
    refused, good = stored(uploads, storage), stored(uploads, storage)

    class Refusing(UploadStorage):
        def remove(self, upload: Upload) -> None:
            if upload.id == refused.id:
                raise StorageDenied("no right to delete this one")
            super().remove(upload)

    for upload in (refused, good):
        upload_comes_due(redis, upload.id)
    Expiry(uploads, Refusing(s3_settings)).expire()
    assert storage.head(refused.source)
    assert storage.head(good.source) is None
    assert redis.zrange(UPLOADS, 0, -1) == [refused.id]
