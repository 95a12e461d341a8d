"""What containers ask: whether a worker is alive, and a bucket to begin with."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.stack.child import Child
from core.redis_client import connect
from core.settings import Settings
from core.storage import Storage
from tests.integration.conftest import Service
from tests.support.keys import bearer


def _tintype(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words],
        env=settings.as_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_alive_is_true_where_a_worker_has_loaded_its_network(service: Service) -> None:
    assert _tintype(service.settings, "alive").returncode == 0


def test_alive_is_false_without_a_worker(redis_url: str) -> None:
    done = _tintype(Settings(redis_url=redis_url), "alive")
    assert done.returncode == 1
    assert done.stderr.startswith("tintype: no_live_worker: ")


def test_alive_is_false_without_redis(closed_port: int) -> None:
    done = _tintype(Settings(redis_url=f"redis://127.0.0.1:{closed_port}/0"), "alive")
    assert done.returncode == 1
    assert "queue_unavailable" in done.stderr


def test_init_makes_the_bucket_and_may_run_twice(s3_settings: Settings) -> None:
    settings = Settings(**s3_settings.model_dump(exclude_unset=True) | {"bucket": "brand-new"})
    for _ in range(2):
        done = _tintype(settings, "init")
        assert done.returncode == 0, done.stderr
    Storage(settings).check("brand-new")


def test_an_api_with_rules_that_cannot_work_does_not_start() -> None:
    done = _tintype(Settings(rules=Path("no-such.toml")), "api", "--bind", "127.0.0.1:0")
    assert done.returncode == 1
    assert done.stderr.startswith("tintype: invalid_setting: TINTYPE_RULES: no-such.toml: ")


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("MODEL", "zhang-eccv16", "model_not_installed"),
        ("MODEL", "no-such", "unknown_model"),
        ("ENGINE", "no-such", "unknown_engine"),
    ],
)
def test_a_worker_without_a_network_does_not_start(variable: str, value: str, code: str) -> None:
    settings = Settings.model_validate({variable.lower(): value})
    done = _tintype(settings, "worker")
    assert done.returncode == 1
    assert done.stderr.startswith(f"tintype: {code}: ")


def test_an_api_whose_default_network_is_unknown_does_not_start() -> None:
    done = _tintype(Settings(model="no-such"), "api")
    assert done.returncode == 1
    assert done.stderr.startswith("tintype: unknown_model: ")


def test_a_bad_setting_stops_the_start_with_its_name() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "worker"],
        env={"TINTYPE_CONCURRENCY": "none"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("tintype: invalid_setting: TINTYPE_CONCURRENCY")
    assert "Traceback" not in done.stderr


def test_an_api_that_others_may_reach_does_not_start_without_keys(
    redis_url: str, tmp_path: Path
) -> None:
    """A socket file stands for all that is not loopback: nobody knows what is in front of it."""
    with connect(redis_url) as redis:
        redis.flushall()
    for settings in (Settings(redis_url=redis_url), Settings(redis_url=redis_url, keys="off")):
        done = _tintype(settings, "api", "--bind", f"unix:{tmp_path}/api")
        assert done.returncode == 1
        assert done.stderr.startswith("tintype: keys_needed: ")
        assert "tintype keys create" in done.stderr
        assert "TINTYPE_ALLOW_ANONYMOUS=1" in done.stderr


@pytest.mark.parametrize(
    ("settings", "with_key", "expected"),
    [
        ({}, True, 401),
        ({"allow_anonymous": True}, False, 200),
        ({"keys": "required", "allow_anonymous": True}, True, 401),
    ],
)
def test_an_api_that_others_may_reach_needs_keys_or_a_word_that_it_needs_none(
    redis_url: str, tmp_path: Path, settings: dict[str, Any], with_key: bool, expected: int
) -> None:
    with connect(redis_url) as redis:
        redis.flushall()
        headers = bearer(redis) if with_key else {}
    environment = Settings(redis_url=redis_url, api_processes=1, **settings).as_environment()
    socket = tmp_path / "api"
    transport = httpx.HTTPTransport(uds=str(socket))
    http = httpx.Client(base_url="http://api", transport=transport, timeout=60)
    command = [sys.executable, "-m", "cli.main", "api", "--bind", f"unix:{socket}"]
    api = Child("api", command, environment, tmp_path / "log", lambda _: socket.exists())
    api.start()
    try:
        api.wait_ready(60)
        assert http.get("/v1/jobs").status_code == expected
        assert http.get("/v1/jobs", headers=headers).status_code == 200
    finally:
        http.close()
        api.terminate()
        api.wait()
