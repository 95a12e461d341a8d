"""Jobs that cannot succeed: each fails with its own code, at once, and the worker goes on."""

import struct
import zlib

import pytest

from core.jobs import State
from core.objects import ObjectRef
from tests.integration.conftest import MAX_BYTES, Service
from tests.support.images import encoded, gradient

PHOTO = encoded(gradient(400, 400))


def _png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and has no pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


BAD = {
    "empty.jpg": (b"", "empty_object"),
    "text.jpg": (b"this is not an image\n" * 100, "unsupported_format"),
    "animation.gif": (b"GIF89a" + bytes(200), "unsupported_format"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format"),
    "cut.jpg": (PHOTO[: len(PHOTO) // 2], "broken_image"),
    "cut.png": (encoded(gradient(400, 400), "PNG")[:4000], "broken_image"),
    "bomb.png": (_png_header(60_000, 60_000), "image_too_large"),
    "large.jpg": (PHOTO + bytes(MAX_BYTES), "object_too_large"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_source_fails_once_and_the_worker_goes_on(service: Service, name: str) -> None:
    data, code = BAD[name]
    job = service.run(service.put(f"bad/{name}", data, "application/octet-stream"))
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code == code
    assert job.attempt == 1
    assert job.finished is not None
    good = service.run(service.put("bad/good.jpg", PHOTO))
    assert good.state is State.SUCCEEDED
    answer = service.request("GET", f"/v1/jobs/{job.id}/result")
    assert (answer.status, answer.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("bucket", "key", "code"),
    [("tintype", "no/such.jpg", "source_not_found"), ("nowhere", "a.jpg", "bucket_not_found")],
)
def test_an_unknown_source_fails(service: Service, bucket: str, key: str, code: str) -> None:
    job = service.run(ObjectRef(bucket=bucket, key=key))
    assert job.error is not None
    assert (job.state, job.error.code, job.attempt) == (State.FAILED, code, 1)


def test_an_unknown_destination_bucket_fails(service: Service) -> None:
    source = service.put("bad/good.jpg", PHOTO)
    job = service.run(source, destination={"bucket": "nowhere", "key": "a.jpg"})
    assert job.error is not None
    assert (job.state, job.error.code) == (State.FAILED, "bucket_not_found")


def test_a_model_that_was_not_pulled_fails_with_what_to_do(service: Service) -> None:
    job = service.run(service.put("bad/good.jpg", PHOTO), options={"model": "zhang-eccv16"})
    assert job.error is not None
    assert job.error.code == "model_not_installed"
    assert "tintype models pull zhang-eccv16" in job.error.detail


def test_a_failed_job_leaves_no_result(service: Service) -> None:
    source = service.put("bad/cut.jpg", PHOTO[:3000])
    job = service.run(source, destination={"bucket": "tintype", "key": "out/never.jpg"})
    assert job.state is State.FAILED
    kept = service.storage._client.list_objects_v2(Bucket="tintype", Prefix="out/never")
    assert "Contents" not in kept
    assert service.storage.fetch(source, 10**6).data == PHOTO[:3000]
