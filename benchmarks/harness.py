"""A running service to measure, and the hands to drive it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import urllib3

from cli.stack import Stack, StackOptions
from cli.stack.throwaway import SERVERS
from core.jobs import Job, JobStore, State
from core.objects import ObjectRef
from core.servers import connect_state
from core.settings import Settings
from core.storage import Storage

LIMIT = 600.0


@dataclass(frozen=True)
class Service:
    """The service as its clients see it."""

    stack: Stack
    store: JobStore
    storage: Storage
    http: urllib3.PoolManager

    def put(self, key: str, data: bytes) -> ObjectRef:
        """Store a source."""
        ref = ObjectRef(bucket=self.stack.settings.bucket, key=key)
        self.storage.store(ref, data, "image/jpeg")
        return ref

    def submit(self, source: ObjectRef, key: str | None = None, wait: int = 0) -> Job:
        """Submit a job that is really done; with ``wait``, return it when it has ended."""
        order: dict[str, object] = {"source": source.model_dump(), "options": {"force": True}}
        if key:
            order["destination"] = {"bucket": source.bucket, "key": key}
        headers = {"Prefer": f"wait={wait}"} if wait else None
        answer = self.http.request("POST", f"{self.stack.url}/v1/jobs", json=order, headers=headers)
        if answer.status not in (200, 202):
            raise RuntimeError(f"the API answered {answer.status}: {answer.data!r}")
        return Job.model_validate_json(answer.data)

    def wait_for(self, succeeded: int) -> None:
        """Return once so many jobs have succeeded.

        Raises:
            RuntimeError: a job failed, or it took ten minutes.
        """
        deadline = time.monotonic() + LIMIT
        while self.store.count(State.SUCCEEDED) < succeeded:
            if self.store.count(State.FAILED) or time.monotonic() > deadline:
                raise RuntimeError("jobs failed or hang; see the workers' logs")
            time.sleep(0.01)

    def rate(self, source: ObjectRef, jobs: int) -> float:
        """Return jobs per second, from the first start to the last end, all queued before."""
        before = self.store.count(State.SUCCEEDED)
        submitted = [self.submit(source, f"out/{before}-{i}.jpg") for i in range(jobs)]
        self.wait_for(before + jobs)
        ended = [self.store.get(job.id) for job in submitted]
        # The first jobs run while the last are being submitted.
        ended = ended[jobs // 4 :]
        finished = sorted(job.finished for job in ended if job.finished)
        return (len(finished) - 1) / (finished[-1] - finished[0]).total_seconds()

    def child_pids(self) -> list[int]:
        """Return the processes that hold a network."""
        import psutil

        workers = [c.pid for c in self.stack.children if c.name.startswith("worker") and c.pid]
        return [child.pid for pid in workers for child in psutil.Process(pid).children()]


@contextmanager
def running(
    settings: Settings,
    workers: int = 1,
    data: Path | None = None,
    make: Callable[[StackOptions, Settings, Callable[[str], None]], Stack] = Stack,
) -> Iterator[Service]:
    """Run the whole service with servers of its own, on ``data`` or a folder of its own."""
    with TemporaryDirectory() as folder:
        options = StackOptions(data or Path(folder), workers=workers)
        stack = make(options, settings.without(*SERVERS), lambda _: None)
        http = urllib3.PoolManager(retries=False, timeout=LIMIT, maxsize=32)
        try:
            stack.start()
            store = JobStore(connect_state(stack.settings))
            yield Service(stack, store, Storage(stack.settings), http)
        finally:
            http.clear()
            stack.stop()
