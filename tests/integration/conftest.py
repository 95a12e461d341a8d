"""The whole service, once per session: Redis, S3, the API and a worker, as ``tintype up`` does."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from cli.stack import Stack, StackOptions
from cli.stack.child import Child
from core.errors import StackError
from core.jobs import Job
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.conftest import missing
from tests.support.waiting import eventually

MAX_PIXELS, MAX_BYTES = 3_000_000, 2_000_000


@dataclass(frozen=True)
class Service:
    """A running service as its clients see it."""

    url: str
    data: Path
    settings: Settings
    storage: Storage
    http: urllib3.PoolManager

    def request(self, method: str, path: str, **options: Any) -> urllib3.BaseHTTPResponse:
        return self.http.request(method, f"{self.url}{path}", redirect=False, **options)

    def put(self, key: str, data: bytes, content_type: str = "image/jpeg") -> ObjectRef:
        ref = ObjectRef(bucket=self.settings.bucket, key=key)
        self.storage.store(ref, data, content_type)
        return ref

    def submit(self, order: Mapping[str, Any], **headers: str) -> Job:
        answer = self.request("POST", "/v1/jobs", json=order, headers=headers)
        assert answer.status in (200, 202), answer.data
        return Job.model_validate_json(answer.data)

    def look(self, job: Job) -> Job:
        return Job.model_validate_json(self.request("GET", f"/v1/jobs/{job.id}").data)

    def ended(self, job: Job) -> Job:
        def probe() -> Job | None:
            seen = self.look(job)
            return seen if seen.state.final else None

        return eventually(probe, what=f"the end of job {job.id}") or job

    def run(self, source: ObjectRef, **order: Any) -> Job:
        return self.ended(self.submit({"source": source.model_dump(), **order}))


@contextmanager
def running(stack: Stack) -> Iterator[Service]:
    """Start a stack and stop it; nobody restarts its children."""
    http = urllib3.PoolManager(retries=False, timeout=70)
    try:
        stack.start()
        yield Service(stack.url, stack.data, stack.settings, Storage(stack.settings), http)
    except StackError as error:
        missing(error)
    finally:
        http.clear()
        stack.stop()


def child(stack: Stack, name: str) -> Child:
    """Return one process of a stack."""
    return next(child for child in stack.children if child.name == name)


@contextmanager
def frozen(child: Child) -> Iterator[None]:
    """Stop a process without ending it: its connections stay open and nothing answers."""
    assert child.pid is not None
    os.kill(child.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(child.pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that most tests share."""
    folder = tmp_path_factory.mktemp("service")
    settings = Settings(
        max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES, downloads_dir=folder / "downloads"
    )
    with running(Stack(StackOptions(folder), settings)) as service:
        yield service
