import os
from pathlib import Path

import pytest

from core import cores as module
from core.cores import cores

GRANTED = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("10000 100000\n", 1),
        ("max 100000\n", 64),
        ("6400000 50000\n", 64),
        ("", 64),
        ("what is this\n", 64),
        ("100000 0\n", 64),
    ],
)
def test_a_containers_limit_is_what_it_may_use(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, count: int
) -> None:
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    monkeypatch.setattr(module, "QUOTA", quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert cores() == count


def test_without_containers_it_is_what_the_scheduler_grants(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "QUOTA", tmp_path / "none")
    assert cores() == GRANTED
