from pathlib import Path

import pytest

from cli.stack import Stack, StackOptions
from core.settings import Settings


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
