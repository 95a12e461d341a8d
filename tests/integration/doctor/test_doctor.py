"""``tintype doctor`` against real servers: a stack that is well, and each part of it broken."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import SecretStr
from redis import Redis

from cli.doctor import keys as keys_check
from cli.doctor import redis as redis_check
from cli.doctor import storage as storage_check
from cli.doctor.findings import Finding
from cli.doctor.subject import Subject
from cli.main import cli
from cli.stack import servers
from cli.stack.child import Child
from core.keys import KeyRequest, KeyStore, Scope
from core.settings import Settings
from core.storage import Storage
from tests.conftest import START_SECONDS
from tests.integration.conftest import Service


def subject(settings: Settings) -> Subject:
    return Subject(settings, Path("data"), "http://127.0.0.1:1")


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_a_running_stack_is_well(service: Service) -> None:
    done = CliRunner().invoke(cli, ["doctor", "--json", "--data", str(service.data)])
    found: dict[str, Any] = {each["name"]: each for each in json.loads(done.stdout)}
    assert done.exit_code == 0, found
    assert {"python", "opencv", "engine opencv", "network tint-small", "redis", "redis version"} < {
        *found
    }
    assert {"redis persistence", "redis eviction", "storage write", "storage delete"} < {*found}
    assert found["storage signed url"]["found"] == "fetched"
    assert found["api"]["found"] == f"Tintype answers at {service.url} and is ready"
    assert {each["state"] for each in found.values()} == {"ok"}, found
    secret = service.settings.s3_secret_key
    assert secret is not None
    assert secret.get_secret_value() not in done.output


@contextmanager
def _redis(folder: Path, *options: str, password: str = "") -> Iterator[str]:
    port = servers.free_port()
    command = [*servers.redis_command(port, folder), *options]
    url = f"redis://{f':{password}@' if password else ''}127.0.0.1:{port}/0"
    server = Child("redis", command, {}, folder / "log", lambda _: servers.redis_ready(url))
    server.start()
    try:
        server.wait_ready(START_SECONDS)
        yield url
    finally:
        server.terminate()
        server.wait()


def test_a_redis_that_forgets_and_drops(tmp_path: Path) -> None:
    careless = ("--appendonly", "no", "--maxmemory-policy", "allkeys-lru")
    with _redis(tmp_path, *careless) as url:
        found = by_name(redis_check.examine(subject(Settings(redis_url=url))))
    assert found["redis"].state == "ok"
    assert found["redis persistence"].state == "warning"
    assert found["redis persistence"].advice == "set 'appendonly yes'"
    assert found["redis eviction"].state == "problem"
    assert "allkeys-lru" in found["redis eviction"].found
    assert found["redis clock"].state == "ok"


def test_a_redis_that_takes_no_writes(tmp_path: Path) -> None:
    with _redis(tmp_path, "--replicaof", "127.0.0.1 1") as url:
        found = by_name(redis_check.examine(subject(Settings(redis_url=url))))
    assert found["redis"].state == "problem"
    assert "refuses to write" in found["redis"].found


def test_a_redis_with_another_password(tmp_path: Path) -> None:
    with _redis(tmp_path, "--requirepass", "right", password="right") as url:
        wrong = url.replace("right", "wrong")
        (finding,) = redis_check.examine(subject(Settings(redis_url=wrong)))
    assert finding.state == "problem"
    assert "wrong" not in finding.found
    assert "password" in finding.advice


def test_a_redis_that_is_away(closed_port: int) -> None:
    url = f"redis://127.0.0.1:{closed_port}/0"
    (finding,) = redis_check.examine(subject(Settings(redis_url=url)))
    assert finding.state == "problem"
    assert "TINTYPE_REDIS_URL" in finding.advice


def test_an_api_that_lets_nobody_in(redis: Redis, redis_url: str) -> None:
    locked = subject(Settings(redis_url=redis_url, keys="required"))
    assert [finding.state for finding in keys_check.examine(locked)] == ["problem"]
    KeyStore(redis).create(KeyRequest(name="somebody", scopes=frozenset({Scope.READ})))
    assert [finding.state for finding in keys_check.examine(locked)] == ["ok"]


def _storage(settings: Settings, **changes: Any) -> dict[str, Finding]:
    changed = settings.model_copy(update=changes)
    return by_name(storage_check.examine(subject(changed)))


def test_storage_is_left_as_it_was(s3_settings: Settings) -> None:
    found = _storage(s3_settings)
    assert {finding.state for finding in found.values()} == {"ok"}
    assert list(found) == [
        *("storage bucket", "storage write", "storage read"),
        *("storage signed url", "storage clock", "storage delete"),
    ]
    assert Storage(s3_settings).list_page(s3_settings.bucket, ".tintype/") == ([], False)


def test_a_wrong_secret(s3_settings: Settings) -> None:
    found = _storage(s3_settings, s3_secret_key=SecretStr("wrong-secret"))
    assert [*found] == ["storage bucket"]
    assert found["storage bucket"].state == "problem"
    assert "TINTYPE_S3_SECRET_KEY" in found["storage bucket"].advice


def test_a_missing_bucket(s3_settings: Settings) -> None:
    found = _storage(s3_settings, bucket="no-such-bucket")
    assert found["storage bucket"].state == "problem"
    assert "tintype init" in found["storage bucket"].advice


def test_storage_that_is_away(closed_port: int, s3_settings: Settings) -> None:
    found = _storage(s3_settings, s3_endpoint=f"http://127.0.0.1:{closed_port}")
    assert found["storage bucket"].state == "problem"
    assert "TINTYPE_S3_ENDPOINT" in found["storage bucket"].advice


def test_signed_urls_that_name_an_address_nobody_reaches(
    closed_port: int, s3_settings: Settings
) -> None:
    found = _storage(s3_settings, s3_public_endpoint=f"http://127.0.0.1:{closed_port}")
    assert found["storage signed url"].state == "warning"
    assert "TINTYPE_S3_PUBLIC_ENDPOINT" in found["storage signed url"].advice
    assert found["storage delete"].state == "ok"


def test_everything_broken_at_once_is_told_at_once(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINTYPE_REDIS_URL", f"redis://:hush@127.0.0.1:{closed_port}/0")
    monkeypatch.setenv("TINTYPE_S3_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("TINTYPE_MODEL", str(tmp_path))
    done = CliRunner().invoke(cli, ["doctor", "--json", "--data", str(tmp_path / "data")])
    assert done.exit_code == 1
    bad = {each["name"] for each in json.loads(done.stdout) if each["state"] == "problem"}
    assert {"redis", "storage bucket", "network"} <= bad
    assert "hush" not in done.output
