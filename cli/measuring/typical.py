"""A job as archives have it, and what such jobs take in Redis."""

from redis import Redis

from core.jobs import Job, JobRequest, JobResult
from core.jobs.records import ModelRef, Timings
from core.jobs.scripts import key
from core.objects import ObjectRef

STAGES = Timings(
    fetch_ms=2.12, decode_ms=2.23, infer_ms=64.34, compose_ms=8.9, encode_ms=2.71, store_ms=3.12
)


def order(number: int) -> JobRequest:
    """Return the order for one of many scans."""
    scan = f"archive/1936/box-{number // 1000:03}/scan-{number:06}.jpg"
    return JobRequest(source=ObjectRef(bucket="photographs", key=scan))


def result(job: Job) -> JobResult:
    """Return what a worker records of a job's result."""
    name = f"colorized/{job.source.key[:-4]}.0123456789ab.jpg"
    return JobResult(
        destination=ObjectRef(bucket="photographs", key=name),
        model=ModelRef(name="zhang-eccv16", digest="0" * 64),
        width=4000,
        height=3000,
        content_type="image/jpeg",
        bytes=2_345_678,
        etag="0" * 32,
        timings=STAGES,
    )


def memory(redis: Redis) -> int:
    """Return the bytes in use, without the stream of events, whose length has a limit."""
    stream = redis.memory_usage(key("events"), samples=0) or 0
    return int(dict(redis.info("memory"))["used_memory"]) - int(stream)
