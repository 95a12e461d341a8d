"""Batches on real servers, with steps done by hand: a test says when a worker works."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from redis import Redis

from core.batches import Batch, BatchRequest, BatchStore, Entry, Steps
from core.batches.entries import Entries
from core.batches.sweeping import BatchSweeping
from core.jobs import Attempts, Job, JobStore, Priority, Problem
from core.jobs.records import ModelRef
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from models import Catalogue
from tests.conftest import LIMITS, TTL
from tests.support.jobs import RESULT
from worker.batches import make_stepper
from worker.batches.stepper import Stepper
from worker.destination import describe
from worker.draining import Stopping
from worker.engine_pool import EnginePool

WINDOW = 10
NUMBERS = count()


@dataclass
class World:
    """Redis, storage, and the hands of clients and workers."""

    redis: Redis
    settings: Settings
    storage: Storage
    bucket: str
    engines: EnginePool
    published: list[str] = field(default_factory=list)
    """Jobs whose messages are in the queue."""
    stopping: Stopping = field(default_factory=Stopping)

    @property
    def store(self) -> BatchStore:
        return BatchStore(self.redis)

    @property
    def jobs(self) -> JobStore:
        return JobStore(self.redis)

    @property
    def attempts(self) -> Attempts:
        return Attempts(self.redis, LIMITS, TTL)

    @property
    def entries(self) -> Entries:
        return Entries(self.redis, self.storage)

    @property
    def steps(self) -> Steps:
        return Steps(self.redis, self.settings.batch_window, self.settings.max_queued)

    def stepper(self) -> Stepper:
        return make_stepper(
            self.settings, self.redis, self.storage, self.engines, self.publish, self.stopping
        )

    def publish(self, job_ids: Iterable[str], _priority: Priority) -> None:
        self.published += job_ids

    def put(self, *keys: str, data: bytes = b"scan") -> None:
        for key in keys:
            self.storage.store(self.at(key), data + key.encode(), "image/jpeg")

    def at(self, key: str) -> ObjectRef:
        return ObjectRef(bucket=self.bucket, key=key)

    def request(self, **more: Any) -> BatchRequest:
        asked = {
            "source": {"bucket": self.bucket, "prefix": "scans/", **more.pop("source", {})},
            "destination": {"bucket": self.bucket, "prefix": "colour/"}
            | more.pop("destination", {}),
        }
        return BatchRequest.model_validate_json(json.dumps(asked | more))

    def create(self, **more: Any) -> Batch:
        batch, is_new = self.store.create(self.request(**more))
        assert is_new
        return batch

    def step(self, batch: Batch) -> Batch:
        """Do one step of a worker; return the batch after it."""
        self.stepper().run(batch.id)
        return self.store.get(batch.id)

    def work(self, most: int = 10**6, problem: Mapping[str, Problem] | None = None) -> list[Job]:
        """Do what workers do with the messages in the queue; return the jobs that ended."""
        done: list[Job] = []
        while self.published and len(done) < most:
            attempt = self.attempts.start(self.published.pop(0), "host:1")
            if attempt is None:
                continue
            wrong = (problem or {}).get(attempt.job.source.key)
            if wrong:
                self.attempts.fail(attempt, wrong)
            else:
                self._succeed(attempt)
            done.append(self.jobs.get(attempt.job.id))
        return done

    def _succeed(self, attempt: Any) -> None:
        job = attempt.job
        head = self.storage.head(job.source)
        model = self.engines.digest()
        facts = describe(job.options, job.destination, model, head.etag if head else "")
        self.storage.store(
            job.destination, b"colour of " + job.source.key.encode(), "image/jpeg", facts
        )
        result = RESULT.model_copy(
            update={"destination": job.destination, "model": ModelRef(name="m", digest=model)}
        )
        assert self.attempts.succeed(attempt, result, job.id.replace("-", ""))

    def run(self, batch: Batch, problem: Mapping[str, Problem] | None = None) -> Batch:
        """Do steps and jobs until the batch has ended."""
        for _ in range(10_000):
            batch = self.step(batch)
            counts = batch.counts
            states = (counts.queued, counts.running, counts.succeeded, counts.failed)
            known = sum(states) + counts.canceled + counts.skipped
            assert known == counts.total or batch.dry_run
            assert sum(batch.codes.values()) == counts.failed
            if batch.finished:
                return batch
            self.work(problem=problem)
        raise AssertionError("it never ends")

    def all(self, batch: Batch, state: Any = None, limit: int = 7) -> Sequence[Entry]:
        """Return the keys of a batch, page by page."""
        found: list[Entry] = []
        cursor = None
        while True:
            page, cursor = self.entries.page(batch, state, limit, cursor)
            found += page
            if cursor is None:
                return found

    def report(self, batch: Batch) -> Any:
        assert batch.report
        return json.loads(self.storage.fetch(batch.report["json"], 10**8).data)

    def sweep(self) -> Sequence[str]:
        return BatchSweeping(self.redis, 3600, "tintype.batches").sweep()


@pytest.fixture
def world(redis: Redis, redis_url: str, s3_settings: Settings, storage: Storage) -> World:
    """An empty database and an empty bucket; ten jobs of a batch at a time."""
    settings = s3_settings.model_copy(update={"redis_url": redis_url, "batch_window": WINDOW})
    bucket = f"batch-{next(NUMBERS)}"
    storage.ensure_bucket(bucket)
    engines = EnginePool(Catalogue.from_settings(settings), "opencv", 1)
    return World(redis, settings, storage, bucket, engines)
