"""``tintype up`` as its user sees it: a process, its output, its files, its signals."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import urllib3

from cli.stack.child import MARK
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.images import encoded, gradient
from tests.support.waiting import eventually

PHOTO = encoded(gradient(300, 300))


@dataclass
class Up:
    """A running ``tintype up``."""

    process: "subprocess.Popen[str]"
    data: Path
    output: Path

    @property
    def stack(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.data / "stack.json").read_text())
        return content

    @property
    def pids(self) -> list[int]:
        pids = self.stack["pids"]
        single = (pids[name] for name in ("api", "redis", "s3", "webhooks"))
        return [pid for pid in (*single, *pids["workers"]) if pid]

    def storage(self) -> Storage:
        s3 = self.stack["s3"]
        return Storage(
            Settings(
                s3_endpoint=s3["endpoint"],
                s3_access_key=s3["access_key"],
                s3_secret_key=s3["secret_key"],
            )
        )

    def submit(self, key: str) -> str:
        source = ObjectRef(bucket=self.stack["s3"]["bucket"], key=key)
        self.storage().store(source, PHOTO, "image/jpeg")
        return self.post(key)

    def post(self, key: str) -> str:
        source = ObjectRef(bucket=self.stack["s3"]["bucket"], key=key)
        order = {"source": source.model_dump()}
        answer = urllib3.request("POST", f"{self.stack['api']}/v1/jobs", json=order)
        assert answer.status == 202, answer.data
        return str(answer.json()["id"])

    def state(self, job_id: str) -> str:
        return str(urllib3.request("GET", f"{self.stack['api']}/v1/jobs/{job_id}").json()["state"])

    def succeeded(self, job_id: str) -> bool:
        return bool(eventually(lambda: self.state(job_id) == "succeeded", what=f"job {job_id}"))

    def says(self, text: str) -> bool:
        return text in self.output.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def _up(data: Path, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Up]:
    output = data.with_suffix(".out")
    command = [sys.executable, "-m", "cli.main", "up", "--data", str(data), "--port", "0", *options]
    with output.open("w") as sink:
        process = subprocess.Popen(
            command,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
        )
    up = Up(process, data, output)
    try:
        eventually(lambda: up.says("is ready") or process.poll() is not None, what="the start")
        assert process.poll() is None, output.read_text()
        yield up
    finally:
        if process.poll() is None:
            up.stop()


def _gone(pids: list[int]) -> bool:
    alive = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_runs_everything_until_it_is_told_to_stop(tmp_path: Path, number: int) -> None:
    with _up(tmp_path / "data", "--workers", "2") as up:
        stack, pids = up.stack, up.pids
        assert set(stack) == {"api", "redis", "s3", "webhook_secret", "pids"}
        assert set(stack["s3"]) == {"endpoint", "access_key", "secret_key", "bucket"}
        assert set(stack["pids"]) == {"api", "redis", "s3", "webhooks", "workers"}
        assert len(stack["pids"]["workers"]) == 2
        assert all(psutil.pid_exists(pid) for pid in pids)
        assert up.says(stack["api"])
        assert (up.data / "stack.json").stat().st_mode & 0o077 == 0
        assert up.succeeded(up.submit("a.jpg"))
        children = psutil.Process(up.process.pid).children(recursive=True)
        assert up.stop(number) == 0
        assert _gone([child.pid for child in children])
        assert not (up.data / "stack.json").exists()


def test_children_that_die_are_reported_and_restarted(tmp_path: Path) -> None:
    with _up(tmp_path / "data") as up:
        before = up.stack["pids"]
        for name, pid in (
            ("worker-1", before["workers"][0]),
            ("s3", before["s3"]),
            ("redis", before["redis"]),
            ("api", before["api"]),
            ("webhooks", before["webhooks"]),
        ):
            os.kill(pid, signal.SIGKILL)
            eventually(partial(up.says, f"{name} died (signal 9)"), what=f"the report on {name}")
            eventually(partial(_replaced, up, pid), what=f"a new {name}")
        eventually(lambda: _ready(up), what="readiness")
        assert up.succeeded(up.submit("a.jpg"))


def _replaced(up: Up, pid: int) -> bool:
    return pid not in up.pids and len(up.pids) == 5


def _ready(up: Up) -> bool:
    try:
        return urllib3.request("GET", f"{up.stack['api']}/readyz", retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def test_stopping_loses_no_job(tmp_path: Path) -> None:
    with _up(tmp_path / "data") as up:
        jobs = [up.submit(f"{number}.jpg") for number in range(12)]
        assert up.stop() == 0
    with _up(tmp_path / "data") as again:
        assert all(again.succeeded(job) for job in jobs)


def test_a_second_signal_does_not_wait_for_running_jobs(tmp_path: Path) -> None:
    patience = {"TINTYPE_STORAGE_PATIENCE": "110"}
    with _up(tmp_path / "data", env=patience) as up:
        children = psutil.Process(up.process.pid).children(recursive=True)
        up.storage().store(ObjectRef(bucket="tintype", key="a.jpg"), PHOTO, "image/jpeg")
        os.kill(up.stack["pids"]["s3"], signal.SIGSTOP)
        job = up.post("a.jpg")
        eventually(lambda: up.state(job) == "running", what="the start of the job")
        up.process.send_signal(signal.SIGTERM)
        eventually(lambda: up.says("Stopping"), what="the first signal")
        assert up.stop() == 0
        assert _gone([child.pid for child in children])


def test_a_killed_supervisor_does_not_stop_the_next_run(tmp_path: Path) -> None:
    with _up(tmp_path / "data") as up:
        job = up.submit("a.jpg")
        assert up.succeeded(job)
        left = up.pids
        up.process.kill()
        up.process.wait()
    with _up(tmp_path / "data") as again:
        assert _gone(left)
        assert again.state(job) == "succeeded"
        assert again.succeeded(again.submit("b.jpg"))


def _marked(data: Path) -> list[psutil.Process]:
    """Processes that a stack on this data has started."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(data):
                found.append(process)
    return found


def test_a_supervisor_killed_while_it_starts_does_not_stop_the_next_run(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "cli.main", "up", "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as up:
        eventually(lambda: _marked(data), what="the first child")
        up.kill()
    left = [process.pid for process in _marked(data)]
    assert left
    with _up(data) as again:
        assert _gone(left)
        assert again.succeeded(again.submit("a.jpg"))


def _refused(*options: str, **env: str) -> str:
    command = [sys.executable, "-m", "cli.main", "up", *options]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **env}
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_second_stack_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with _up(tmp_path / "data") as up:
        message = _refused("--data", str(up.data), "--port", "0")
        assert "another stack runs" in message
        assert up.succeeded(up.submit("a.jpg"))


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is taken" in _refused("--data", str(tmp_path), "--port", str(port))


def test_a_server_of_the_users_own_that_is_away_is_named(tmp_path: Path, closed_port: int) -> None:
    order = ("--data", str(tmp_path / "data"), "--port", "0")
    redis = _refused(*order, TINTYPE_REDIS_URL=f"redis://127.0.0.1:{closed_port}/0")
    assert redis.startswith("tintype: queue_unavailable: ")
    s3 = _refused(*order, TINTYPE_S3_ENDPOINT=f"http://127.0.0.1:{closed_port}")
    assert s3.startswith("tintype: storage_")


def test_data_that_cannot_be_kept_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = _refused("--data", str(tmp_path / "file" / "data"), "--port", "0")
    assert message.startswith("tintype: stack_failed: ")


def test_servers_of_the_users_own_replace_the_embedded_ones(
    tmp_path: Path, redis_url: str, s3_settings: Settings
) -> None:
    assert s3_settings.s3_secret_key is not None
    env = s3_settings.as_environment() | {"TINTYPE_REDIS_URL": redis_url}
    with _up(tmp_path / "data", env=env) as up:
        stack = up.stack
        assert stack["redis"] == redis_url
        assert stack["s3"]["endpoint"] == s3_settings.s3_endpoint
        assert (stack["pids"]["redis"], stack["pids"]["s3"]) == (None, None)
        assert up.succeeded(up.submit("own.jpg"))
