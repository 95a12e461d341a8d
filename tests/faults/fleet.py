"""Valkey, S3, the API and two workers, each a process of its own that may be harmed."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from pydantic import SecretStr
from redis import Redis

from cli.stack import Stack, StackOptions, servers
from cli.stack.child import Child
from core.jobs import JobStore
from core.queues import UNACKNOWLEDGED
from core.redis_client import connect
from core.settings import Settings
from core.storage import Storage
from models.manifest import open_folder
from tests.faults.proxy import Proxy
from tests.support.standin import write_standin

POINTS = Path(__file__).parent / "points"
START_SECONDS = 60.0


class Fleet:
    """A service whose network is tiny, so that jobs are quick and faults hit many of them.

    Its workers and its API reach S3 through a proxy. A supervisor, that of ``tintype up``, starts
    again what dies.
    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.redis_server = self._redis_server(folder)
        keys = servers.S3Keys("test-access-key", "test-secret-key")
        self.s3_port = servers.free_port()
        self.s3_server = self._s3_server(folder, keys)
        for server in (self.redis_server, self.s3_server):
            server.start()
            server.wait_ready(START_SECONDS)
        self.s3_proxy = Proxy(self.s3_port)
        model = write_standin(folder / "stand-in")
        open_folder(model)
        self.settings = Settings(
            redis_url=self.redis_url,
            s3_endpoint=f"http://{servers.HOST}:{self.s3_proxy.port}",
            s3_access_key=keys.access_key,
            s3_secret_key=SecretStr(keys.secret_key),
            model=str(model),
            engine="opencv",
            concurrency=1,
            drain_seconds=5,
            webhook_allow="127.0.0.1",
            **settings,
        )
        self.said: list[str] = []
        options = StackOptions(folder / "stack", workers=2)
        self.stack = Stack(options, self.settings, self.said.append)
        self.redis = connect(self.redis_url)
        self.jobs = JobStore(self.redis)
        direct = f"http://{servers.HOST}:{self.s3_port}"
        self.storage = Storage(self.settings.model_copy(update={"s3_endpoint": direct}))
        self._supervisor = threading.Thread(target=self.stack.watch, daemon=True)

    def start(self) -> None:
        """Start the API and the workers, and their supervisor."""
        # Children find the fault points there; none is on.
        os.environ["PYTHONPATH"] = str(POINTS)
        try:
            self.stack.start()
        finally:
            del os.environ["PYTHONPATH"]
        self._supervisor.start()

    def stop(self) -> None:
        """End everything."""
        self.stack.ask_to_stop()
        if self._supervisor.is_alive():
            self._supervisor.join()
        self.stack.stop()
        self.s3_proxy.close()
        self.redis.close()
        for server in (self.s3_server, self.redis_server):
            server.kill()
            server.wait()

    @property
    def url(self) -> str:
        """Return the API's address."""
        return self.stack.url

    def child(self, name: str) -> Child:
        """Return a process of the stack: ``api``, ``worker-1``, ``worker-2``, ``webhooks``."""
        return next(child for child in self.stack.children if child.name == name)

    @property
    def workers(self) -> list[Child]:
        """Return the workers' parents."""
        return [child for child in self.stack.children if child.name.startswith("worker")]

    @contextmanager
    def changed(self, name: str, **environment: str) -> Iterator[None]:
        """Run a process with other variables for a while."""
        child = self.child(name)
        before = child.environment
        self.restart(child, {**before, **environment, "PYTHONPATH": str(POINTS)})
        try:
            yield
        finally:
            self.restart(child, {**before, "PYTHONPATH": str(POINTS)})

    def restart(self, child: Child, environment: dict[str, str]) -> None:
        """Stop a process; its supervisor starts it with these variables."""
        child.environment = environment
        process = child.process
        assert process is not None
        child.terminate()
        process.wait(START_SECONDS)
        self.wait_ready(child, process.pid)

    def wait_ready(self, child: Child, old_pid: int) -> None:
        """Wait until the supervisor has started a process anew and it is ready."""
        from tests.support.waiting import eventually

        def is_new() -> bool:
            return child.pid not in (None, old_pid) and child.ready(child.pid or 0)

        eventually(is_new, START_SECONDS, f"a new {child.name}")

    def pids(self, child: Child) -> list[int]:
        """Return a process and its children."""
        assert child.pid is not None
        process = psutil.Process(child.pid)
        return [child.pid, *(each.pid for each in process.children(recursive=True))]

    @contextmanager
    def frozen(self, *children: Child) -> Iterator[None]:
        """Stop processes, with their children, without ending them."""
        pids = [pid for child in children for pid in self.pids(child)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                if psutil.pid_exists(pid):
                    os.kill(pid, signal.SIGCONT)

    def _redis_server(self, folder: Path) -> Child:
        port = servers.free_port()
        self.redis_url = f"redis://{servers.HOST}:{port}/0"
        (folder / "redis").mkdir()
        command = servers.redis_command(port, folder / "redis")

        def ready(_: int) -> bool:
            return servers.redis_ready(self.redis_url)

        return Child("redis", command, {}, folder / "redis.log", ready)

    def _s3_server(self, folder: Path, keys: servers.S3Keys) -> Child:
        (folder / "s3").mkdir()
        command = servers.s3_command(self.s3_port, folder / "s3")

        def ready(_: int) -> bool:
            return servers.port_open(self.s3_port)

        environment = servers.s3_environment(keys)
        return Child("s3", command, environment, folder / "s3.log", ready)


def unacknowledged(redis: Redis) -> int:
    """Return how many messages workers have taken and not done with."""
    return int(redis.hlen(UNACKNOWLEDGED))
