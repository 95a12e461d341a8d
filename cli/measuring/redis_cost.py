"""What Redis does for a job, counted on the real path and timed with many asking at a time."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from celery import Celery
from redis import Redis

from api.publisher import Publisher
from cli.measuring.service import Subject
from cli.measuring.typical import memory, order, result
from core.broker import QUEUES, celery_settings
from core.jobs import Attempts, JobStore, Limits, Stage
from core.jobs.records import Priority
from core.settings import Settings

CLIENTS = 8
JOBS_EACH = 100


class Counters(NamedTuple):
    """What Redis has done so far."""

    at: float
    """Seconds."""
    commands: float
    trips: float
    seconds: float
    """Of processor."""

    @classmethod
    def read(cls, redis: Redis) -> "Counters":
        """Ask for them, at the cost of two trips."""
        stats, cpu = dict(redis.info("stats")), dict(redis.info("cpu"))
        used = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
        return cls(
            time.monotonic(),
            stats["total_commands_processed"],
            stats["total_reads_processed"],
            used,
        )

    def since(self, earlier: "Counters") -> "Counters":
        """Return the difference."""
        return Counters(*(now - then for now, then in zip(self, earlier, strict=True)))


class Bytes(NamedTuple):
    """What jobs take in Redis, and what a trip costs it."""

    queued: float
    ended: float
    seconds_per_trip: float


def watched(redis: Redis, seconds: float) -> Counters:
    """Return what Redis does in a second while nobody wants anything."""
    before = Counters.read(redis)
    time.sleep(seconds)
    passed = Counters.read(redis).since(before)
    return Counters(1.0, *(each / passed.at for each in passed[1:]))


def lives(subject: Subject) -> Bytes:
    """Record, queue, take, start and end many jobs at a time, with all but the work."""
    settings, redis = subject.stack.settings, subject.redis
    store, publisher = JobStore(redis), Publisher(settings)
    empty = memory(redis)
    numbers = range(CLIENTS * JOBS_EACH)
    for job in [store.create(order(number)) for number in numbers]:
        publisher.publish(job)
        store.published(job)
    full = memory(redis)
    before = Counters.read(redis)
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda _: _work(settings, redis), range(CLIENTS)))
    spent = Counters.read(redis).since(before)
    left = memory(redis)
    jobs = len(numbers)
    return Bytes((full - empty) / jobs, (left - empty) / jobs, spent.seconds / spent.trips)


def _work(settings: Settings, redis: Redis) -> None:
    """Do as a worker does with its jobs, by Celery's own transport."""
    attempts = Attempts(redis, Limits(3, 120, 3600), settings.job_ttl)
    app = Celery(set_as_current=False)
    app.conf.update(celery_settings(settings))
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(QUEUES[Priority.NORMAL])
        for _ in range(JOBS_EACH):
            message = queue.get(timeout=30)
            attempt = attempts.start(str(message.headers["id"]), "worker-host:12345")
            assert attempt
            attempts.enter(attempt, Stage.INFER)
            attempts.enter(attempt, Stage.STORE)
            attempts.succeed(attempt, result(attempt.job), attempt.job.id)
            message.ack()
        queue.close()
