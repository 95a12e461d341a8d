"""Time passes in Redis when a test says so."""

from redis import Redis

LEASES, DUE, ENDED = "{tintype}:jobs:leases", "{tintype}:jobs:due", "{tintype}:jobs:ended"
UPLOADS = "{tintype}:uploads:due"


def lease_runs_out(redis: Redis, job_id: str) -> None:
    """Let the lease of a running job be over."""
    assert redis.zadd(LEASES, {job_id: 1}, xx=True, ch=True)


def comes_due(redis: Redis, job_id: str) -> None:
    """Let the wait of a queued job be over."""
    assert redis.zscore(DUE, job_id)
    redis.zadd(DUE, {job_id: 1})
    redis.hdel(f"{{tintype}}:job:{job_id}", "not_before")


def upload_comes_due(redis: Redis, upload_id: str) -> None:
    """Let the time of an upload, or of whoever claimed it, be over."""
    assert redis.zadd(UPLOADS, {upload_id: 1}, xx=True, ch=True)


def urls_die(redis: Redis, upload_id: str) -> None:
    """Let the URLs of an upload have stopped working long ago."""
    assert redis.hset(f"{{tintype}}:upload:{upload_id}", "urls", 1) == 0


def grows_old(redis: Redis, job_id: str, milliseconds: int = 10**10) -> None:
    """Let a job have been created, and published, long ago."""
    for field in ("created", "published"):
        if redis.hexists(f"{{tintype}}:job:{job_id}", field):
            redis.hincrby(f"{{tintype}}:job:{job_id}", field, -milliseconds)
    if redis.zscore(ENDED, job_id):
        redis.zadd(ENDED, {job_id: 1})
