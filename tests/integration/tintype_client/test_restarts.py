"""An API that is killed and started again while clients wait and follow."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from redis import Redis

from cli.stack import servers
from cli.stack.child import Child
from core.jobs import Attempts, Stage
from core.jobs.events import EventLog
from core.settings import Settings
from tests.conftest import START_SECONDS
from tests.support.clients import KINDS, Kind, open_client
from tests.support.jobs import RESULT, started
from tests.support.waiting import eventually
from tintype_client import Event, Job

PHOTO = "s3://tintype/a.jpg"


class RestartedApi:
    """The API alone; the tests are its workers."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.port = servers.free_port()
        self.url = f"http://{servers.HOST}:{self.port}"
        command = [sys.executable, "-m", "cli.main", "api", "--bind", f"{servers.HOST}:{self.port}"]
        environment = settings.as_environment() | {"TINTYPE_API_PROCESSES": "1"}
        self._child = Child("api", command, environment, folder / "api.log", self._ready)

    def _ready(self, _pid: int) -> bool:
        return servers.http_ok(f"{self.url}/healthz")

    def start(self) -> None:
        self._child.start()
        self._child.wait_ready(START_SECONDS)

    def kill(self) -> None:
        assert self._child.pid
        processes = psutil.Process(self._child.pid).children(recursive=True)
        self._child.kill()
        self._child.wait()
        for process in processes:
            if process.is_running():
                process.kill()
        psutil.wait_procs(processes)

    def connections(self) -> int:
        """How many connections this process has to it."""
        return sum(
            one.status == psutil.CONN_ESTABLISHED and tuple(one.raddr)[1:] == (self.port,)
            for one in psutil.Process().net_connections()
        )


@pytest.fixture
def api(
    redis: Redis, redis_url: str, s3_settings: Settings, tmp_path: Path
) -> Iterator[RestartedApi]:
    assert redis.ping()
    api = RestartedApi(tmp_path, s3_settings.model_copy(update={"redis_url": redis_url}))
    api.start()
    yield api
    api.kill()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


def test_waiting_outlives_a_restart(api: RestartedApi, attempts: Attempts, kind: Kind) -> None:
    with open_client(kind, api.url) as client:
        job = client.submit(PHOTO)
    before = api.connections()

    def wait() -> Job:
        with open_client(kind, api.url) as client:
            return client.wait(job, timeout=60)

    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(wait)
        eventually(lambda: api.connections() > before, what="the long poll")
        api.kill()
        assert attempts.succeed(started(attempts, job.id), RESULT)
        api.start()
        assert waiting.result(60).state == "succeeded"


class Follower:
    """Follows a job in a thread of its own."""

    def __init__(self, kind: Kind, url: str, job: Job) -> None:
        self.events: list[Event] = []
        self._arguments: tuple[Any, ...] = (kind, url, job)
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def _follow(self) -> None:
        kind, url, job = self._arguments
        with open_client(kind, url, longest_pause=0.5) as client:
            self.events.extend(client.iter_events(job))

    def has_seen(self, count: int) -> bool:
        return len(self.events) >= count

    def ended(self) -> list[Event]:
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self.events


def test_events_outlive_restarts_without_gap_or_double(
    api: RestartedApi, redis: Redis, attempts: Attempts, kind: Kind
) -> None:
    with open_client(kind, api.url) as client:
        job = client.submit(PHOTO)
    follower = Follower(kind, api.url, job)
    eventually(lambda: follower.has_seen(1), what="the snapshot")
    attempt = started(attempts, job.id)
    eventually(lambda: follower.has_seen(2), what="the start")
    api.kill()
    attempts.enter(attempt, Stage.INFER)
    api.start()
    eventually(lambda: follower.has_seen(3), what="the stage infer")
    api.kill()
    attempts.enter(attempt, Stage.STORE)
    assert attempts.succeed(attempt, RESULT)
    api.start()
    events = follower.ended()
    assert events[0].type == "snapshot"
    happened = [event.id for event in EventLog(redis).after(events[0].id, wait=0)]
    assert [event.id for event in events[1:]] == happened
    assert [event.stage for event in events[1:]] == ["fetch", "infer", "store", None]
    assert events[-1].state == "succeeded"
