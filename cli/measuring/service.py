"""A service of its own to measure, with one worker that has one child on one core."""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
from redis import Redis

from cli.stack import Stack, StackOptions, servers, throwaway
from core.errors import StackError
from core.jobs import Job, JobStore
from core.objects import ObjectRef
from core.servers import connect_state
from core.settings import Settings
from core.storage import Storage
from tintype_client import Client
from tintype_client import Job as Submitted

LIMIT = 300.0
"""Seconds for the jobs of one size."""


@dataclass(frozen=True)
class Subject:
    """A running service, and the hands to drive it."""

    stack: Stack
    client: Client
    storage: Storage
    store: JobStore
    redis: Redis

    def put(self, name: str, data: bytes) -> ObjectRef:
        """Store a source."""
        ref = ObjectRef(bucket=self.stack.settings.bucket, key=f"in/{name}.jpg")
        self.storage.store(ref, data, "image/jpeg")
        return ref

    def colorize(self, source: ObjectRef, count: int) -> Sequence[Job]:
        """Have one source colorized so many times; return the jobs as they were started.

        Raises:
            StackError: a job failed, or they took too long.
        """
        orders = [self._submit(source, number) for number in range(count)]
        self.client.wait(orders[-1], timeout=LIMIT)
        deadline = time.monotonic() + LIMIT
        while True:
            jobs = [self.store.get(order.id) for order in orders]
            if all(job.state.final for job in jobs):
                break
            if time.monotonic() > deadline:
                raise StackError("jobs hang while they are measured; see 'tintype doctor'")
            time.sleep(0.1)
        for job in jobs:
            if job.error:
                raise StackError(f"a job failed while it was measured: {job.error.detail}")
        return sorted(jobs, key=lambda job: str(job.started))

    def _submit(self, source: ObjectRef, number: int) -> Submitted:
        # Named, so that there is one result, and forced, so that each is really made.
        key = source.key.replace("in/", f"out/{number}-", 1)
        return self.client.submit(
            str(source), destination=f"s3://{source.bucket}/{key}", options={"force": True}
        )

    def add_worker(self, children: int = 1) -> None:
        """Start a worker and wait until it can work."""
        changes = {"concurrency": children}
        self.stack.settings = self.stack.settings.model_copy(update=changes)
        self.stack.add_worker()

    @property
    def worker(self) -> psutil.Process:
        """The first worker's parent process."""
        pids = (child.pid for child in self.stack.children if child.name.startswith("worker"))
        return psutil.Process(next(filter(None, pids)))

    @property
    def child(self) -> psutil.Process:
        """The process that holds the network."""
        return self.worker.children()[0]


@contextmanager
def subject(settings: Settings) -> Iterator[Subject]:
    """Run a service with servers of its own, without a worker yet.

    Raises:
        StackError: it cannot start here.
    """
    changes: dict[str, Any] = {
        "concurrency": 1,
        "threads": 1,
        "rate_limit": "none",
        "log_level": "WARNING",
    }
    changes |= {"metrics_port": servers.free_port(), "metrics_host": servers.HOST}
    with TemporaryDirectory(prefix="tintype-measure-") as folder:
        options = StackOptions(Path(folder), workers=0)
        stack = Stack(options, throwaway(settings).model_copy(update=changes), lambda _: None)
        try:
            stack.start()
            redis = connect_state(stack.settings)
            with Client(stack.url) as client, redis:
                yield Subject(stack, client, Storage(stack.settings), JobStore(redis), redis)
        finally:
            stack.stop()


def most_resident(process: psutil.Process) -> int:
    """Return the most bytes that a process had resident; where that is not kept, those of now."""
    try:
        status = Path(f"/proc/{process.pid}/status").read_text()
    except OSError:
        status = ""
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else process.memory_info().rss


def processor_seconds(process: psutil.Process) -> float:
    """Return the processor time of a process and of its children so far."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)
