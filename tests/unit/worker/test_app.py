import pytest

from core.settings import Settings
from worker.app import Child, threads


def test_a_child_that_cannot_load_its_network_ends() -> None:
    child = Child(Settings(model="zhang-eccv16"))
    with pytest.raises(SystemExit):
        child.set_up()
    assert child.runner is None


def test_children_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.app.cores", lambda: 8)
    assert threads(Settings(concurrency=4)) == 2
    assert threads(Settings(concurrency=100)) == 1
    assert threads(Settings(concurrency=4, threads=5)) == 5
