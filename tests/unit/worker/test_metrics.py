import os
import socket
import subprocess
import sys
import urllib.request
from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.settings import Settings
from tests.support.exposition import read, text_of, value
from worker.loaded import Loaded
from worker.metrics import MetricsPort, WorkerCollector

ENGINE: Any = SimpleNamespace(
    name="opencv", precision="f32", model=SimpleNamespace(name="m", digest="d" * 64)
)


def told() -> Loaded:
    loaded = Loaded()
    loaded.tell(ENGINE)
    return loaded


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # other tests left threads
def test_a_child_tells_its_parent_what_it_has_loaded() -> None:
    loaded = Loaded()
    assert loaded.read() == {}
    pid = os.fork()
    if pid == 0:
        loaded.tell(ENGINE)
        os._exit(0)
    os.waitpid(pid, 0)
    about = {"engine": "opencv", "precision": "f32", "model": "m", "digest": "d" * 64}
    assert loaded.read() == about
    families = read(text_of(WorkerCollector(list, loaded)))
    assert value(families, "tintype_worker_engine_info", **about) == 1


def test_memory_is_that_of_the_parent_and_of_each_child_that_lives() -> None:
    command = [sys.executable, "-c", "input()"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE) as living,
        subprocess.Popen([sys.executable, "-c", ""]) as dead,
    ):
        dead.wait()
        families = read(text_of(WorkerCollector(lambda: [living.pid, dead.pid], told())))
        living.communicate(b"\n")
    name = "tintype_worker_resident_bytes"
    assert value(families, name, role="parent", pid=str(os.getpid()))
    assert value(families, name, role="child", pid=str(living.pid))
    assert value(families, name, role="child", pid=str(dead.pid)) is None


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the server goes with its process
def test_the_port_answers(closed_port: int) -> None:
    settings = Settings(metrics_port=closed_port)
    assert MetricsPort(settings, WorkerCollector(list, told())).open()
    with urllib.request.urlopen(f"http://127.0.0.1:{closed_port}/metrics") as answer:
        text = cast(bytes, answer.read()).decode()
    assert value(read(text), "tintype_worker_resident_bytes", role="parent", pid=str(os.getpid()))


def test_a_port_that_is_taken_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(metrics_port=taken.getsockname()[1])
        assert not MetricsPort(settings, WorkerCollector(list, told())).open()
    assert "TINTYPE_METRICS_PORT" in caplog.text
