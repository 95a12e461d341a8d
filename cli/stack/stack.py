"""Starting, watching and stopping the embedded stack."""

import fcntl
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil
from pydantic import SecretStr

from cli.stack import servers
from cli.stack.child import MARK, Child
from cli.stack.private import write_private
from cli.stack.stale import clear_stale
from core.cores import cores
from core.errors import StackError
from core.heartbeats import WEBHOOKS, alive, member
from core.jobs import JobStore
from core.servers import connect_state
from core.settings import Settings
from core.storage import Storage

START_SECONDS = 120.0
STEADY_SECONDS = 30.0
LONGEST_PAUSE = 30.0
DATA_FOLDERS = ("redis", "s3")
WORKER_MARGIN = 15.0
"""Seconds that a worker has after it has drained, to give back jobs and end its children."""
WEBHOOKS_GRACE = 20.0


@dataclass(frozen=True)
class StackOptions:
    """What ``tintype up`` was asked for."""

    data: Path
    port: int = 0
    workers: int = 1
    fresh: bool = False
    """Whether to forget what earlier runs left in Redis and storage."""


class Stack:
    """The servers that the settings do not name, the API, the workers and the webhooks."""

    def __init__(
        self, options: StackOptions, settings: Settings, say: Callable[[str], None] = print
    ) -> None:
        self.options = options
        self._say = say
        self._stopping = threading.Event()
        self._lock: IO[str] | None = None
        self.data = options.data.resolve()
        self._given = settings
        self.children: list[Child] = []

    @property
    def file(self) -> Path:
        """Return where the stack says how to reach it."""
        return self.data / "stack.json"

    def start(self) -> None:
        """Start everything, in order, and write ``stack.json``.

        Raises:
            StackError: a part did not start, or another stack uses the same data.
            QueueUnavailable, StorageUnavailable: a server of the user's own cannot be reached.
        """
        self._make_folders()
        self._take_lock()
        clear_stale(self.data)
        self.file.unlink(missing_ok=True)
        if self.options.fresh:
            self._forget()
        try:
            self._start_all()
        except BaseException:
            # What a worker has begun by now starts over in the next run.
            self.kill()
            raise

    def _start_all(self) -> None:
        self.settings, redis, s3 = self._plan_servers()
        self.url = f"http://{servers.HOST}:{servers.free_port(self.options.port)}"
        self._start([child for child in (redis, s3) if child])
        if self.stopping:
            return
        JobStore(connect_state(self.settings)).ping()
        Storage(self.settings).ensure_bucket(self.settings.bucket)
        workers = map(self._worker, range(1, self.options.workers + 1))
        self._start([self._api(), *workers, self._webhooks()])
        self._write_file()

    def add_worker(self) -> None:
        """Start another worker and wait until it can work."""
        number = 1 + sum(child.name.startswith("worker") for child in self.children)
        self._start([self._worker(number)])
        self._write_file()

    def watch(self) -> None:
        """Report and restart children that die, until someone asks to stop."""
        due: dict[str, float] = {}
        while not self._stopping.wait(0.2):
            for child in self.children:
                if child.pid is None:
                    self._revive(child, due)

    @property
    def stopping(self) -> bool:
        """Whether someone has asked the stack to stop."""
        return self._stopping.is_set()

    def ask_to_stop(self) -> None:
        """Make ``watch`` return; safe in a signal handler."""
        self._stopping.set()

    def kill(self) -> None:
        """End every child at once: jobs that run now start over in the next run."""
        for child in self.children:
            child.kill()

    def stop(self) -> None:
        """Stop the API, then the workers when they have drained, the webhooks, the servers."""
        self._stopping.set()
        for group in ("api", "worker", "webhooks", "s3", "redis"):
            members = [child for child in self.children if child.name.startswith(group)]
            for child in members:
                child.terminate()
            for child in members:
                child.wait()
        if self._lock:
            self.file.unlink(missing_ok=True)
            self._lock.close()

    def _revive(self, child: Child, due: dict[str, float]) -> None:
        """Report a dead child once; start it again after a pause that grows with its crashes."""
        now = time.monotonic()
        if child.name not in due:
            steady = now - child.started > STEADY_SECONDS
            child.crashes = 1 if steady else child.crashes + 1
            pause = 0 if child.crashes == 1 else min(2.0 ** (child.crashes - 2), LONGEST_PAUSE)
            due[child.name] = now + pause
            code = child.process.returncode if child.process else None
            self._say(f"{child.name} died ({_reason(code)}); starting it again; log: {child.log}")
        if now >= due[child.name]:
            del due[child.name]
            child.start()
            self._write_file()

    def _start(self, children: list[Child]) -> None:
        for child in children:
            if not self.stopping:
                self.children.append(child)
                child.start()
        for child in children:
            child.wait_ready(START_SECONDS, self._stopping.is_set)

    def _plan_servers(self) -> tuple[Settings, Child | None, Child | None]:
        """Decide which servers to embed; return the settings that every part will use."""
        changes: dict[str, Any] = {}
        redis = s3 = None
        if "redis_url" not in self._given.model_fields_set:
            port = servers.free_port()
            url = changes["redis_url"] = f"redis://{servers.HOST}:{port}/0"
            command = servers.redis_command(port, self.data / "redis")
            redis = self._child("redis", command, {}, lambda _: servers.redis_ready(url))
        if "s3_endpoint" not in self._given.model_fields_set:
            port = servers.free_port()
            keys = servers.S3Keys.load(self.data / "s3-keys.json")
            changes |= {"s3_endpoint": f"http://{servers.HOST}:{port}"}
            changes |= {
                "s3_access_key": keys.access_key,
                "s3_secret_key": SecretStr(keys.secret_key),
            }
            command = servers.s3_command(port, self.data / "s3")
            s3 = self._child(
                "s3", command, servers.s3_environment(keys), lambda _: servers.port_open(port)
            )
        if self._given.webhook_secret is None:
            secret = servers.kept_secret(self.data / "webhook-secret")
            changes["webhook_secret"] = SecretStr(secret)
        return self._given.model_copy(update=changes), redis, s3

    def _api(self) -> Child:
        command = [*_tintype(), "api", "--bind", self.url.removeprefix("http://")]
        return self._child(
            "api", command, self._environment(), lambda _: servers.http_ok(f"{self.url}/healthz")
        )

    def _worker(self, number: int) -> Child:
        redis = connect_state(self.settings)
        share = max(1, cores() // max(1, self.options.workers))
        wanted = self.settings.concurrency or min(self.settings.children, share)

        def ready(pid: int) -> bool:
            mine = {member(child.pid) for child in psutil.Process(pid).children(recursive=True)}
            return len(mine & alive(redis)) >= wanted

        command = [*_tintype(), "worker", "--name", f"worker-{number}"]
        grace = self.settings.drain_seconds + WORKER_MARGIN
        threads = self.settings.threads or max(1, share // wanted)
        shares = {"TINTYPE_THREADS": str(threads), "TINTYPE_CONCURRENCY": str(wanted)}
        if port := self.settings.metrics_port:
            shares["TINTYPE_METRICS_PORT"] = str(port + number - 1)
        environment = self._environment() | shares
        return self._child(f"worker-{number}", command, environment, ready, grace)

    def _webhooks(self) -> Child:
        redis = connect_state(self.settings)

        def ready(pid: int) -> bool:
            return member(pid) in alive(redis, WEBHOOKS)

        command = [*_tintype(), "webhooks"]
        return self._child("webhooks", command, self._environment(), ready, WEBHOOKS_GRACE)

    def _environment(self) -> dict[str, str]:
        """Return the settings; the files of logs are for people, unless someone says otherwise."""
        return {"TINTYPE_LOG_FORMAT": "pretty"} | self.settings.as_environment()

    def _child(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        ready: Callable[[int], bool],
        grace: float = 10.0,
    ) -> Child:
        environment = {**environment, MARK: str(self.data)}
        return Child(name, command, environment, self.data / "logs" / f"{name}.log", ready, grace)

    def _forget(self) -> None:
        for name in DATA_FOLDERS:
            shutil.rmtree(self.data / name)
        self._make_folders()

    def _make_folders(self) -> None:
        try:
            for folder in (*DATA_FOLDERS, "logs"):
                (self.data / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(f"{self.data} cannot hold the data: {error}") from error

    def _take_lock(self) -> None:
        lock = (self.data / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise StackError(
                f"another stack runs on {self.data}; stop it or choose another --data"
            ) from error
        self._lock = lock

    def _write_file(self) -> None:
        """Write ``stack.json`` whole, readable by this user alone: it has keys and secrets."""
        pids = {child.name: child.pid for child in self.children}
        s3_secret, webhook_secret = self.settings.s3_secret_key, self.settings.webhook_secret
        content = {
            "api": self.url,
            "redis": self.settings.redis_url,
            "s3": {
                "endpoint": self.settings.s3_endpoint,
                "access_key": self.settings.s3_access_key,
                "secret_key": s3_secret.get_secret_value() if s3_secret else None,
                "bucket": self.settings.bucket,
            },
            "webhook_secret": webhook_secret.get_secret_value() if webhook_secret else None,
            "pids": {
                "api": pids.get("api"),
                "redis": pids.get("redis"),
                "s3": pids.get("s3"),
                "webhooks": pids.get("webhooks"),
                "workers": [pid for name, pid in pids.items() if name.startswith("worker")],
            },
        }
        write_private(self.file, json.dumps(content, indent=2))


def _tintype() -> list[str]:
    return [sys.executable, "-m", "cli.main"]


def _reason(code: int | None) -> str:
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
