"""Uploads through the whole service, and the examples of docs/uploads.md, run as written."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli.stack import Stack, StackOptions
from core.objects import ObjectRef
from core.redis_client import connect
from core.settings import Settings
from core.upload_storage import PART_BYTES
from tests.integration.conftest import Service, running
from tests.support.images import encoded, gradient
from tests.support.redis import upload_comes_due
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "uploads.md").read_text()
ADDRESS = "http://127.0.0.1:8000"


def _block(language: str) -> str:
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", DOCS, re.MULTILINE | re.DOTALL)
    return str(block)


def _folder(service: Service, folder: Path) -> Path:
    """A folder in which the service is the one that ``tintype up`` started."""
    (folder / ".tintype").symlink_to(service.data)
    (folder / "samples").symlink_to(ROOT / "samples")
    return folder


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, check=False, timeout=120, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_curl_example(service: Service, tmp_path: Path) -> None:
    script = _block("bash").replace(ADDRESS, service.url)
    assert ADDRESS not in script
    folder = _folder(service, tmp_path)
    _run(["bash", "-euo", "pipefail", "-c", script], folder)
    with Image.open(folder / "cat.jpg") as image:
        assert (image.format, image.mode) == ("JPEG", "RGB")


def test_the_python_example(service: Service, tmp_path: Path) -> None:
    said = _run([sys.executable, "-c", _block("python")], _folder(service, tmp_path))
    assert re.fullmatch(r"succeeded uploads/[0-9a-f-]{36}/cat\.jpg\n", said)


@pytest.fixture
def large_service(tmp_path: Path) -> Iterator[Service]:
    """A service that takes files so large that they come in parts."""
    settings = Settings(max_bytes=3 * PART_BYTES)
    with running(Stack(StackOptions(tmp_path / "data"), settings)) as service:
        yield service


def test_the_python_example_with_a_file_in_parts(large_service: Service, tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (3000, 2000, 3), np.uint8)
    photo = tmp_path / "large.tif"
    Image.fromarray(pixels).save(photo)
    assert photo.stat().st_size > PART_BYTES
    script = _block("python").replace("samples/cat.jpg", str(photo))
    said = _run([sys.executable, "-c", script], _folder(large_service, tmp_path))
    assert said.startswith("succeeded ")
    source = ObjectRef(bucket="tintype", key=said.split()[1])
    assert large_service.storage.fetch(source, 10**8).data == photo.read_bytes()


def test_a_worker_deletes_what_nobody_used_and_keeps_what_a_job_did(service: Service) -> None:
    photo = encoded(gradient(seed=77))
    wanted = {"filename": "a.jpg", "bytes": len(photo), "content_type": "image/jpeg"}
    uploads = [service.request("POST", "/v1/uploads", json=wanted).json() for _ in range(2)]
    for upload in uploads:
        answer = service.http.request("PUT", upload["url"], body=photo, headers=upload["headers"])
        assert answer.status == 200
    used, unused = (ObjectRef(**upload["source"]) for upload in uploads)
    job = service.run(used)
    assert job.destination is not None, job.error
    with Image.open(io.BytesIO(service.storage.fetch(job.destination, 10**7).data)) as image:
        assert image.mode == "RGB"
    with connect(service.settings.redis_url) as redis:
        upload_comes_due(redis, uploads[1]["id"])
    eventually(lambda: service.storage.head(unused) is None, what="the deletion")
    assert service.storage.fetch(used, 10**7).data == photo
    answer = service.request("POST", "/v1/jobs", json={"source": unused.model_dump()})
    assert (answer.status, answer.json()["code"]) == (410, "upload_expired")
