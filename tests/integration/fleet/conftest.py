"""Two versions of Tintype on one Redis and one storage, each as processes of its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from redis import Redis

from api.publisher import Publisher
from cli.stack.child import Child
from core import schema
from core.heartbeats import WORKERS, alive, member
from core.jobs import Job, JobRequest, JobStore, Options, State
from core.objects import ObjectRef
from core.redis_client import connect
from core.settings import Settings
from core.storage import Storage
from tests.support.images import encoded, gradient
from tests.support.pages import ROOT
from tests.support.standin import write_standin
from tests.support.waiting import eventually

PACKAGES = ("core", "models", "worker", "api", "webhooks", "cli", "tintype_client")
OPTION, FIELD, RESULT = (
    "    keep_distribution: bool = False\n",
    "    timings: Timings\n",
    "            **more,\n",
)
CHANGES = {
    "core/schema.py": ("SCHEMA = 1\n", "SCHEMA = 2\n"),
    # A version that knows one more option, and one more field of records.
    "core/jobs/options.py": (OPTION, OPTION + "    grain: int = 0\n"),
    "core/jobs/records.py": (FIELD, FIELD + "    made_by: str = 'old'\n"),
    "worker/runner.py": (RESULT, RESULT + "            made_by='new',\n"),
}
SUBMIT = """
import sys
from api.publisher import Publisher
from core.jobs import JobRequest, JobStore
from core.redis_client import connect
from core.settings import Settings
settings = Settings.load()
jobs, publisher = JobStore(connect(settings.redis_url)), Publisher(settings)
for order in sys.argv[1:]:
    job = jobs.create(JobRequest.model_validate_json(order))
    publisher.publish(job)
    print(job.id)
"""


@dataclass
class Versions:
    """The present version, and one that comes after it."""

    folder: Path
    later: Path
    """Where its code is."""
    settings: Settings
    redis: Redis
    workers: dict[str, Child] = field(default_factory=dict)

    @property
    def jobs(self) -> JobStore:
        return JobStore(self.redis)

    def start(self, name: str, code: Path = ROOT, **settings: object) -> Child:
        """Start a worker and wait until it has loaded its network."""
        environment = self.settings.model_copy(update={"concurrency": 1, **settings})
        worker = Child(
            name,
            [sys.executable, "-m", "cli.main", "worker", "--name", name],
            {
                **environment.as_environment(),
                **{f"TINTYPE_{each.upper()}": str(value) for each, value in settings.items()},
                "TINTYPE_CONCURRENCY": "1",
                **_imports(code),
            },
            self.folder / f"{name}.log",
            self._is_ready,
            grace=20,
        )
        self.workers[name] = worker
        worker.start()
        return worker

    def _is_ready(self, pid: int) -> bool:
        mine = {member(each.pid) for each in psutil.Process(pid).children()}
        return bool(mine & alive(self.redis, WORKERS))

    def submit(self, key: str, **options: object) -> Job:
        """Submit a job with the present version."""
        order = JobRequest(source=self.source(key), options=Options.model_validate(options))
        job = self.jobs.create(order)
        Publisher(self.settings).publish(job)
        return job

    def submit_later(self, *keys: str) -> list[str]:
        """Submit jobs with the later version, each with an option that is new in it."""
        options = {"grain": 3, "force": True}
        sources = (self.source(key).model_dump() for key in keys)
        orders = [json.dumps({"source": source, "options": options}) for source in sources]
        done = subprocess.run(
            [sys.executable, "-c", SUBMIT, *orders],
            env={**self.settings.as_environment(), **_imports(self.later)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.split()

    def source(self, key: str) -> ObjectRef:
        return ObjectRef(bucket=self.settings.bucket, key=key)

    def ended(self, job_id: str) -> Job:
        def probe() -> Job | None:
            seen = self.jobs.get(job_id)
            return seen if seen.state.final else None

        return eventually(probe, what=f"the end of job {job_id}") or self.jobs.get(job_id)

    def done_by(self, name: str) -> set[str]:
        """Return the jobs that a worker has brought to success, by its log."""
        text = (self.folder / f"{name}.log").read_text()
        # The last line may not be whole yet.
        lines = (json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n")
        return {line["job_id"] for line in lines if line.get("state") == State.SUCCEEDED}

    def stop(self, name: str) -> None:
        worker = self.workers.pop(name)
        worker.terminate()
        worker.wait()


def _imports(code: Path) -> dict[str, str]:
    """Return what has a Python take our packages from there, and not from where it is started."""
    return {"PYTHONPATH": str(code), "PYTHONSAFEPATH": "1"}


def later_code(folder: Path) -> Path:
    """Copy the code and make a later version of it."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path, (old, new) in CHANGES.items():
        text = (folder / path).read_text()
        assert text.count(old) == 1, (path, old)
        (folder / path).write_text(text.replace(old, new))
    return folder


@contextmanager
def _versions(folder: Path, settings: Settings) -> Iterator[Versions]:
    with connect(settings.redis_url) as redis:
        redis.flushall()
        found = Versions(folder, later_code(folder / "later"), settings, redis)
        try:
            yield found
        finally:
            for worker in found.workers.values():
                worker.terminate()
            for worker in found.workers.values():
                worker.wait()
            redis.flushall()


@pytest.fixture
def versions(tmp_path: Path, redis_url: str, s3_settings: Settings) -> Iterator[Versions]:
    """Both versions, a photograph, and no worker yet."""
    assert schema.SCHEMA == 1, "raise it in CHANGES, too"
    more = {
        "redis_url": redis_url,
        "engine": "opencv",
        "model": str(write_standin(tmp_path / "one")),
    }
    settings = Settings.model_validate(s3_settings.model_dump(exclude_unset=True) | more)
    for number in range(4):
        photo = encoded(gradient(40 + number, 40))
        Storage(settings).store(
            ObjectRef(bucket=settings.bucket, key=f"{number}.jpg"), photo, "image/jpeg"
        )
    with _versions(tmp_path, settings) as found:
        yield found
