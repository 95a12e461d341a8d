"""S3: one small object is written, read, fetched through a signed URL, and deleted."""

import secrets
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import urllib3
from urllib3.exceptions import HTTPError

from cli.doctor.clocks import judge_clock
from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject
from core.errors import (
    BucketNotFound,
    ClockSkewed,
    StorageDenied,
    StorageUnavailable,
    TintypeError,
)
from core.objects import ObjectRef
from core.s3 import make_client, translated
from core.settings import Settings
from core.storage import Storage

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CONTENT = b"tintype doctor"
ADVICE: dict[type[TintypeError], str] = {
    BucketNotFound: "create it with 'tintype init', or set TINTYPE_BUCKET",
    StorageDenied: "check TINTYPE_S3_ACCESS_KEY, TINTYPE_S3_SECRET_KEY, and their rights",
    StorageUnavailable: "start the server, and check TINTYPE_S3_ENDPOINT",
    ClockSkewed: "set this machine's clock by a time server (NTP)",
}
OTHERWISE = "check TINTYPE_S3_ENDPOINT, TINTYPE_S3_REGION and TINTYPE_S3_PATH_STYLE"


def examine(subject: Subject) -> Iterator[Finding]:
    """Do to storage what jobs do; the first thing that goes wrong ends it."""
    settings = subject.settings
    bucket = settings.bucket
    reached = _tried("storage bucket", lambda: _look(settings), f"{bucket} is there")
    yield reached
    if reached.state == "ok":
        ref = ObjectRef(bucket=bucket, key=f".tintype/doctor-{secrets.token_hex(8)}")
        yield from _round_trip(settings, ref)


def _look(settings: Settings) -> None:
    Storage(settings).check(settings.bucket)


def _round_trip(settings: Settings, ref: ObjectRef) -> Iterator[Finding]:
    storage, client = Storage(settings), make_client(settings, settings.s3_endpoint)
    written = _tried(
        "storage write", lambda: storage.store(ref, CONTENT, "text/plain"), f"{len(CONTENT)} bytes"
    )
    yield written
    if written.state != "ok":
        return
    try:
        yield _tried("storage read", lambda: _read(storage, ref), "the same bytes")
        yield from _download(storage, ref, settings)
    finally:
        deleted = _tried("storage delete", lambda: _delete(client, ref), "gone again")
    yield deleted


def _read(storage: Storage, ref: ObjectRef) -> None:
    if storage.fetch(ref, 1000).data != CONTENT:
        raise StorageUnavailable(f"{ref} came back with other bytes")


def _delete(client: "S3Client", ref: ObjectRef) -> None:
    with translated(ref):
        client.delete_object(Bucket=ref.bucket, Key=ref.key)


def _download(storage: Storage, ref: ObjectRef, settings: Settings) -> Iterator[Finding]:
    """Fetch a signed URL, as clients do; from here their way to storage may be closed."""
    name = "storage signed url"
    public = settings.s3_public_endpoint
    elsewhere = public is not None and public != settings.s3_endpoint
    say = warning if elsewhere else problem
    advice = "clients fetch results there: check TINTYPE_S3_PUBLIC_ENDPOINT"
    try:
        answer = urllib3.request("GET", storage.presign(ref, "text/plain"), timeout=5, retries=1)
    except (HTTPError, TintypeError) as error:
        yield say(name, f"it cannot be fetched: {type(error).__name__}", advice)
        return
    if answer.status != 200 or answer.data != CONTENT:
        yield say(name, f"it was answered with {answer.status}", advice)
    else:
        yield ok(name, "fetched")
    if date := answer.headers.get("Date"):
        ahead = parsedate_to_datetime(date).timestamp() - time.time()
        yield judge_clock("storage clock", ahead)


def _tried(name: str, do: Callable[[], object], found: str) -> Finding:
    try:
        do()
    except TintypeError as error:
        return problem(name, str(error), ADVICE.get(type(error), OTHERWISE))
    return ok(name, found)
