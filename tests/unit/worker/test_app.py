import pytest
from celery import Celery

from core.broker import MODEL
from core.schema import SCHEMA
from core.settings import Settings
from worker.app import make_app
from worker.child import Child, threads
from worker.loaded import Loaded
from worker.publishing import Publisher


def test_a_child_that_cannot_load_its_network_ends() -> None:
    publisher = Publisher(Celery(set_as_current=False))
    child = Child(Settings(model="zhang-eccv16"), publisher, Loaded())
    with pytest.raises(SystemExit):
        child.set_up()
    assert child.runner is None


def test_children_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.child.cores", lambda: 8)
    assert threads(Settings(concurrency=4)) == 2
    assert threads(Settings(concurrency=100)) == 1
    assert threads(Settings(concurrency=4, threads=5)) == 5


@pytest.mark.parametrize(("cores", "children"), [(1, 1), (2, 2), (4, 4), (64, 4)])
def test_a_worker_has_a_child_for_each_core_up_to_four(
    monkeypatch: pytest.MonkeyPatch, cores: int, children: int
) -> None:
    for module in ("worker.child", "core.settings"):
        monkeypatch.setattr(f"{module}.cores", lambda: cores)
    assert Settings().children == children
    assert make_app(Settings()).conf.worker_concurrency == children
    assert threads(Settings()) == max(1, cores // children)
    assert Settings(concurrency=7).children == 7


@pytest.mark.parametrize(
    ("queues", "consumed"),
    [
        ("high,normal,low", ["high", "normal", "low"]),
        ("high , normal", ["high", "normal"]),
        ("low", ["low"]),
        ("low,high", ["high", "low"]),
    ],
)
def test_a_worker_takes_its_priorities_and_what_is_everybodys(
    queues: str, consumed: list[str]
) -> None:
    names = [queue.name for queue in make_app(Settings(queues=queues)).conf.task_queues]
    everybodys = ("again", f"again.{SCHEMA}", "batches")
    of_networks = [name for name in names if name.startswith(MODEL)]
    assert f"{MODEL}tint-small" in of_networks
    expected = [*(f"tintype.{each}" for each in (*everybodys, *consumed)), *of_networks]
    assert names == expected
