"""Orders, results and what a worker does with a job, for tests that have no worker."""

from redis import Redis

from core.broker import AGAIN, QUEUES
from core.jobs import (
    Attempt,
    Attempts,
    JobRequest,
    JobResult,
    Limits,
    Options,
    Problem,
    Skipped,
    Timings,
)
from core.jobs.records import ModelRef
from core.jobs.sweeping import Sweeping
from core.objects import ObjectRef
from core.queues import Queues

REQUEST = JobRequest(
    source=ObjectRef(bucket="photos", key="a.jpg"), options=Options(temperature=0.5)
)
RESULT = JobResult(
    destination=ObjectRef(bucket="photos", key="b.jpg"),
    model=ModelRef(name="m", digest="d"),
    width=10,
    height=20,
    content_type="image/jpeg",
    bytes=30,
    timings=Timings(infer_ms=1.5),
)
SKIPPED = Skipped(skipped="already_color", chroma=17.4561, width=10, height=20)
PROBLEM = Problem(code="broken_image", detail="cut short")


def started(attempts: Attempts, job_id: str) -> Attempt:
    """Start a job that may start."""
    attempt = attempts.start(job_id, "host:1")
    assert attempt
    return attempt


def sweeper(redis: Redis, name: str = "a sweeper", attempts: int = 3) -> Sweeping:
    """Return what a worker's parent sweeps with."""
    limits = Limits(attempts=attempts, timeout=120, patience=3600)
    return Sweeping(redis, limits, 3600, name, Queues(redis, [AGAIN, *QUEUES.values()]))
