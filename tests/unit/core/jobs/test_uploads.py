"""The records of uploads: used by a job or removed, never both."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from core.errors import QueueFull, SourceNotFound, UploadExpired, UploadNotFound, WrongState
from core.jobs import Idempotency, JobRequest, JobStore
from core.jobs.uploads import Upload, Uploads, UploadState, new_source, upload_id
from core.objects import ObjectRef
from core.redis_client import connect
from tests.support.redis import UPLOADS, upload_comes_due, urls_die

TTL = 3600.0


@pytest.fixture
def uploads(redis: Redis) -> Uploads:
    return Uploads(redis, TTL)


def opened(uploads: Uploads, **more: str) -> Upload:
    return uploads.open(new_source("tintype", "a.jpg"), 100, url_seconds=60, **more)


def order(upload: Upload) -> JobRequest:
    return JobRequest(source=upload.source)


def test_an_upload_is_found_by_its_id_and_by_its_key(uploads: Uploads) -> None:
    upload = opened(uploads)
    assert uploads.get(upload.id) == upload
    assert upload_id(upload.source) == upload.id
    assert upload.state is UploadState.PENDING
    assert upload.kept_until


@pytest.mark.parametrize("name", ["none", "", "*", "a:b", "ü" * 1000])
def test_an_unknown_upload_is_named(uploads: Uploads, name: str) -> None:
    with pytest.raises(UploadNotFound):
        uploads.get(name)
    with pytest.raises(UploadNotFound):
        uploads.abandon(name)


def test_an_upload_that_a_job_uses_is_never_claimed(
    uploads: Uploads, jobs: JobStore, redis: Redis
) -> None:
    upload = opened(uploads)
    upload_comes_due(redis, upload.id)
    jobs.create(order(upload))
    assert uploads.claim(10) == []
    assert uploads.get(upload.id).state is UploadState.USED
    assert uploads.get(upload.id).kept_until is None
    with pytest.raises(WrongState):
        uploads.abandon(upload.id)
    # A second job may use it too.
    jobs.create(order(upload))


def test_an_upload_that_is_being_removed_takes_no_job(
    uploads: Uploads, jobs: JobStore, redis: Redis
) -> None:
    upload = opened(uploads)
    upload_comes_due(redis, upload.id)
    assert [claimed.id for claimed in uploads.claim(10)] == [upload.id]
    with pytest.raises(UploadExpired, match=upload.id):
        jobs.create(order(upload))
    assert jobs.list() == ([], None)
    uploads.removed(upload)
    with pytest.raises(UploadExpired):
        jobs.create(order(upload))


def test_an_upload_whose_parts_were_not_joined_takes_no_job(
    uploads: Uploads, jobs: JobStore
) -> None:
    upload = opened(uploads, multipart="parts")
    with pytest.raises(SourceNotFound, match="complete"):
        jobs.create(order(upload))
    assert uploads.completed(upload).state is UploadState.COMPLETE
    jobs.create(order(upload))
    assert uploads.get(upload.id).state is UploadState.USED


def test_a_job_that_is_not_accepted_uses_no_upload(uploads: Uploads, jobs: JobStore) -> None:
    first, second = opened(uploads), opened(uploads)
    idempotency = Idempotency.of("key", b"request")
    known, _ = jobs.accept(order(first), idempotency=idempotency)
    assert jobs.accept(order(second), idempotency=idempotency) == (known, False)
    with pytest.raises(QueueFull):
        jobs.accept(order(second), most_queued=1)
    assert uploads.get(second.id).state is UploadState.PENDING


def test_another_object_that_looks_like_an_upload_is_none(uploads: Uploads, jobs: JobStore) -> None:
    upload = opened(uploads)
    for source in (
        ObjectRef(bucket="other", key=upload.source.key),
        ObjectRef(bucket="tintype", key=f"uploads/{upload.id}/b.jpg"),
        ObjectRef(bucket="tintype", key=f"uploads/{upload.id}/more/a.jpg"),
    ):
        jobs.create(JobRequest(source=source))
    assert uploads.get(upload.id).state is UploadState.PENDING


def test_what_was_claimed_and_not_removed_is_claimed_again(uploads: Uploads, redis: Redis) -> None:
    upload = opened(uploads)
    upload_comes_due(redis, upload.id)
    assert uploads.claim(10)
    assert uploads.claim(10) == []
    upload_comes_due(redis, upload.id)
    assert [claimed.id for claimed in uploads.claim(10)] == [upload.id]


def test_an_upload_is_removed_again_after_its_urls_and_then_forgotten(
    uploads: Uploads, redis: Redis
) -> None:
    upload = opened(uploads)
    assert uploads.abandon(upload.id)
    assert uploads.abandon(upload.id) is None
    uploads.removed(upload)
    assert redis.zcard(UPLOADS) == 1
    upload_comes_due(redis, upload.id)
    urls_die(redis, upload.id)
    for claimed in uploads.claim(10):
        uploads.removed(claimed)
    assert redis.zcard(UPLOADS) == 0
    assert uploads.get(upload.id).state is UploadState.EXPIRED
    assert int(redis.pttl(f"{{tintype}}:upload:{upload.id}")) > 0


def test_a_damaged_record_keeps_no_other_from_being_claimed(uploads: Uploads, redis: Redis) -> None:
    damaged, good = opened(uploads), opened(uploads)
    redis.hset(f"{{tintype}}:upload:{damaged.id}", "bytes", "many")
    for upload in (damaged, good):
        upload_comes_due(redis, upload.id)
    assert [claimed.id for claimed in uploads.claim(10)] == [good.id]


def test_an_upload_is_used_or_removed_never_both(uploads: Uploads, redis_url: str) -> None:
    opens = [opened(uploads) for _ in range(300)]
    with connect(redis_url) as client:
        for upload in opens:
            upload_comes_due(client, upload.id)

    def remove() -> set[str]:
        with connect(redis_url) as client:
            mine, gone = Uploads(client, TTL), set[str]()
            while claimed := mine.claim(3):
                gone |= {upload.id for upload in claimed}
            return gone

    def submit() -> set[str]:
        with connect(redis_url) as client:
            store, accepted = JobStore(client), set[str]()
            for upload in random.sample(opens, len(opens)):
                try:
                    store.create(order(upload))
                    accepted.add(upload.id)
                except UploadExpired:
                    continue
            return accepted

    with ThreadPoolExecutor(4) as pool:
        submitting = [pool.submit(submit) for _ in range(2)]
        removing = [pool.submit(remove) for _ in range(2)]
        used = submitting[0].result() | submitting[1].result()
        first, second = (future.result() for future in removing)
    assert not first & second
    assert used | first | second == {upload.id for upload in opens}
    assert not used & (first | second)
