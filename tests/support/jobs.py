"""Orders, results and what a worker does with a job, for tests that have no worker."""

from core.jobs import Attempt, Attempts, JobRequest, JobResult, Options, Problem, Timings
from core.jobs.records import ModelRef
from core.objects import ObjectRef

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
PROBLEM = Problem(code="broken_image", detail="cut short")


def started(attempts: Attempts, job_id: str) -> Attempt:
    """Start a job that may start."""
    attempt = attempts.start(job_id, "host:1")
    assert attempt
    return attempt
