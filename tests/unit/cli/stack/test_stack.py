from pathlib import Path

import pytest

from cli.stack import Stack, StackOptions, servers
from core.settings import Settings
from webhooks.signature import Signer


def shares(
    monkeypatch: pytest.MonkeyPatch, folder: Path, workers: int, settings: Settings
) -> dict[str, str]:
    """What a worker of a machine with 8 cores is told."""
    for module in ("cli.stack.stack", "core.settings"):
        monkeypatch.setattr(f"{module}.cores", lambda: 8)
    stack = Stack(StackOptions(folder, workers=workers), settings)
    stack.settings = settings
    environment = stack._worker(1).environment
    return {name: environment[f"TINTYPE_{name}"] for name in ("CONCURRENCY", "THREADS")}


@pytest.mark.parametrize(
    ("workers", "settings", "concurrency", "threads"),
    [
        (1, Settings(), "4", "2"),
        (2, Settings(), "4", "1"),
        (4, Settings(), "2", "1"),
        (16, Settings(), "1", "1"),
        (2, Settings(concurrency=0, threads=0), "4", "1"),
        (2, Settings(concurrency=1), "1", "4"),
        (2, Settings(concurrency=1, threads=3), "1", "3"),
    ],
)
def test_workers_share_the_cores(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    workers: int,
    settings: Settings,
    concurrency: str,
    threads: str,
) -> None:
    found = shares(monkeypatch, tmp_path, workers, settings)
    assert found == {"CONCURRENCY": concurrency, "THREADS": threads}


def test_the_webhook_secret_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    path = tmp_path / "webhook-secret"
    secret = servers.kept_secret(path)
    Signer(secret)
    assert servers.kept_secret(path) == secret
    assert path.stat().st_mode & 0o077 == 0


def test_a_secret_of_the_users_own_is_not_replaced(tmp_path: Path) -> None:
    given = Settings(
        redis_url="redis://h:1/0", s3_endpoint="http://h:2", webhook_secret="whsec_own"
    )
    planned, _, _ = Stack(StackOptions(tmp_path), given)._plan_servers()
    assert planned.webhook_secret == given.webhook_secret
    assert not list(tmp_path.iterdir())


def test_a_worker_may_drain_before_it_is_killed(tmp_path: Path) -> None:
    stack = Stack(StackOptions(tmp_path), Settings())
    stack.settings = Settings(drain_seconds=60)
    assert stack._worker(1).grace > 60


@pytest.mark.parametrize(("port", "ports"), [(0, [None, None]), (9464, ["9464", "9465"])])
def test_each_worker_has_a_port_for_metrics_if_there_is_to_be_one(
    tmp_path: Path, port: int, ports: list[str | None]
) -> None:
    stack = Stack(StackOptions(tmp_path, workers=2), Settings())
    stack.settings = Settings(metrics_port=port) if port else Settings()
    found = [stack._worker(n).environment.get("TINTYPE_METRICS_PORT") for n in (1, 2)]
    assert found == ports
