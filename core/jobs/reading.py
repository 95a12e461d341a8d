"""Reading many jobs at once."""

import logging
from collections.abc import Sequence

from redis import Redis

from core.errors import TintypeError
from core.jobs.parsing import parse_job
from core.jobs.records import Job
from core.jobs.scripts import key
from core.redis_client import reachable

log = logging.getLogger(__name__)


def read_jobs(redis: Redis, ids: Sequence[str]) -> Sequence[Job | None]:
    """Return jobs in the order of their ids; None for one that is gone or damaged.

    Raises:
        QueueUnavailable: Redis is away.
    """
    with reachable():
        pipe = redis.pipeline(transaction=False)
        for job_id in ids:
            pipe.hgetall(key("job", job_id))
        records = pipe.execute()
    return [_job(job_id, fields) for job_id, fields in zip(ids, records, strict=True)]


def _job(job_id: str, fields: dict[str, str]) -> Job | None:
    try:
        return parse_job(job_id, fields) if fields else None
    except TintypeError:
        # One damaged record must not hide the others.
        log.exception("left out of a listing")
        return None
