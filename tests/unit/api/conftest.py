"""The API as a test client, over real servers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from redis import Redis

from api.app import create_app
from core.jobs import Attempts, JobResult, Timings
from core.jobs.records import ModelRef
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from core.upload_storage import PART_BYTES
from tests.support.jobs import started

LARGE = 2 * PART_BYTES + 7
"""Bytes of a file that comes in three parts."""
SECRET = "an-open-secret-1"
BEARER = {"Authorization": f"Bearer {SECRET}"}
RULES = """
[[rules]]
bucket = "scans"
prefix = "high/"
priority = "high"

[[rules]]
bucket = "scans"
destination = { bucket = "scans", prefix = "colour/" }
options = { format = "png" }
"""
Hooked = Callable[..., FlaskClient]
"""Makes a client of an API with other rules or settings."""


class Finish(Protocol):
    """Do what a worker does: start a job, store its result, end it."""

    def __call__(self, job_id: str, data: bytes, key: str | None = None) -> ObjectRef: ...


@pytest.fixture
def settings(redis: Redis, redis_url: str, s3_settings: Settings) -> Settings:
    """Settings that reach both servers; the database is empty, and uploads are small."""
    assert redis.ping()
    return s3_settings.model_copy(
        update={"redis_url": redis_url, "max_bytes": 100_000, "keys": "off"}
    )


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    """A client of the whole HTTP side."""
    return create_app(settings).test_client()


@pytest.fixture
def large(settings: Settings) -> FlaskClient:
    """A client that may upload files so large that they come in parts."""
    return create_app(settings.model_copy(update={"max_bytes": LARGE})).test_client()


@pytest.fixture
def finish(attempts: Attempts, storage: Storage) -> Finish:
    """What a worker does."""

    def do(job_id: str, data: bytes, key: str | None = None) -> ObjectRef:
        attempt = started(attempts, job_id)
        destination = ObjectRef(bucket="tintype", key=key or f"colorized/{job_id}.jpg")
        storage.store(destination, data, "image/jpeg")
        result = JobResult(
            destination=destination,
            model=ModelRef(name="stand-in", digest="0" * 64),
            width=64,
            height=48,
            content_type="image/jpeg",
            bytes=len(data),
            timings=Timings(infer_ms=5.0),
        )
        assert attempts.succeed(attempt, result)
        return destination

    return do


@pytest.fixture
def hooked(settings: Settings, tmp_path: Path) -> Hooked:
    """An API that takes bucket events."""

    def make(rules: str = RULES, **changes: Any) -> FlaskClient:
        file = tmp_path / "rules.toml"
        file.write_text(rules)
        given = {"hooks_secret": SecretStr(SECRET), "rules": file}
        return create_app(settings.model_copy(update=given | changes)).test_client()

    return make


@pytest.fixture
def hook(hooked: Hooked) -> FlaskClient:
    """A client of an API that knows the secret and has rules."""
    return hooked()
