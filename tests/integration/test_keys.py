"""The whole service with keys: what one user does, and what another sees of it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack import Stack, StackOptions
from core.settings import Settings
from tests.integration.conftest import Service, running
from tests.support.images import encoded, gradient
from tintype_client import Client, TintypeApiError


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that needs keys, as ``tintype up`` runs it in a folder."""
    folder = tmp_path_factory.mktemp("locked")
    settings = Settings(keys="required", downloads_dir=folder / "downloads")
    with running(Stack(StackOptions(folder / ".tintype"), settings)) as service:
        yield service


def tintype(service: Service, *words: str, token: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command in the folder of the service."""
    plain = {name: text for name, text in os.environ.items() if not name.startswith("TINTYPE_")}
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        env=plain | ({"TINTYPE_TOKEN": token} if token else {}),
        cwd=service.data.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def new_key(service: Service, *words: str) -> str:
    done = tintype(service, "keys", "create", "--name", "test", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_commands_and_clients_work_with_a_key_and_not_without(
    locked: Service, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encoded(gradient()))
    refused = tintype(locked, "submit", str(photo), "-o", str(tmp_path / "colour.jpg"))
    assert refused.returncode == 1
    assert "key_required" in refused.stderr
    ann, bob = new_key(locked), new_key(locked)
    result = tmp_path / "colour.jpg"
    done = tintype(locked, "submit", str(photo), "-o", str(result), token=ann)
    assert done.returncode == 0, done.stderr
    assert result.read_bytes().startswith(b"\xff\xd8\xff")
    with Client(locked.url, token=ann) as client:
        (job,) = client.jobs()
        assert client.result(job) == result.read_bytes()
    with Client(locked.url, token=bob, patience=0) as client:
        assert not [*client.jobs()]
        with pytest.raises(TintypeApiError) as caught:
            client.job(job.id)
        assert caught.value.code == "job_not_found"
    with Client(locked.url, patience=0) as client, pytest.raises(TintypeApiError) as caught:
        client.job(job.id)
    assert caught.value.status == 401


def test_a_batch_and_its_report_are_its_owners(locked: Service, tmp_path: Path) -> None:
    for number in range(3):
        locked.put(f"scans/{number}.jpg", encoded(gradient(seed=number)))
    rules = "tintype/scans/:read, tintype/colour/:write"
    ann, bob = new_key(locked, "--buckets", rules), new_key(locked)
    order = ("s3://tintype/scans/", "--to", "s3://tintype/colour/", "--watch")
    done = tintype(locked, "batch", *order, token=ann)
    assert done.returncode == 0, done.stdout + done.stderr
    with Client(locked.url, token=ann) as client:
        (batch,) = client.batches()
        assert batch.counts.succeeded == 3
        assert {job.batch for job in client.jobs()} == {batch.id}
    report = tmp_path / "report.csv"
    assert tintype(locked, "report", batch.id, "-o", str(report), token=ann).returncode == 0
    assert len(report.read_text().splitlines()) == 4
    for words in (("watch", batch.id), ("report", batch.id)):
        other = tintype(locked, *words, token=bob)
        assert other.returncode == 1
        assert "batch_not_found" in other.stderr
    outside = ("s3://tintype/uploads/", "--to", "s3://tintype/colour/")
    assert "bucket_forbidden" in tintype(locked, "batch", *outside, token=ann).stderr


def test_a_revoked_key_is_of_no_more_use_and_no_key_is_in_any_log(locked: Service) -> None:
    key = new_key(locked)
    with Client(locked.url, token=key, patience=0) as client:
        assert not [*client.jobs()]
        assert tintype(locked, "keys", "revoke", key.split("_")[1]).returncode == 0
        with pytest.raises(TintypeApiError) as caught:
            next(iter(client.jobs()))
        assert caught.value.code == "key_invalid"
    logs = "".join(path.read_text() for path in (locked.data / "logs").iterdir())
    assert logs
    assert "tt_" not in logs
    assert key.split("_", 2)[2] not in tintype(locked, "keys", "list").stdout
