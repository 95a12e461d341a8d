"""What clients do with jobs: create, look, list, cancel, try again."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import cast

from redis import Redis
from uuid_utils import uuid7

from core.errors import (
    IdempotencyConflict,
    JobNotFound,
    QueueFull,
    QuotaExceeded,
    SourceNotFound,
    WrongState,
)
from core.jobs.ending import log_end
from core.jobs.idempotency import LIFETIME_SECONDS, Idempotency
from core.jobs.makers import NOBODY, Maker
from core.jobs.parsing import parse_job
from core.jobs.reading import read_jobs
from core.jobs.records import Job, JobRequest, Priority, State, Webhook
from core.jobs.scripts import Scripts, as_id, key
from core.jobs.uploads import expired, upload_id
from core.redis_client import reachable


class JobStore:
    """Creates and reads jobs. Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._scripts = Scripts(redis, "create", "published", "cancel", "retry")

    def ping(self) -> None:
        """Ask Redis for a sign of life."""
        with reachable():
            self._redis.ping()

    def create(self, request: JobRequest) -> Job:
        """Record a new job as queued, whatever else is. It still has to be published."""
        job, _ = self.accept(request)
        return job

    def accept(
        self,
        request: JobRequest,
        most_queued: int = 0,
        idempotency: Idempotency | None = None,
        webhook: Webhook | None = None,
        maker: Maker = NOBODY,
        trace: str = "",
    ) -> tuple[Job, bool]:
        """Record a job as queued and return it with True: it still has to be published.

        With an idempotency key, the job that an equal request made in the last 24 hours comes
        back with False instead. ``most_queued`` 0 is no limit. ``webhook`` is for a request that
        names none. A source that is an upload is kept for good from now on. ``trace`` is the
        ``TraceContext.text`` of what asks for it.

        Raises:
            IdempotencyConflict: the key came with another request before.
            QueueFull: as many jobs are queued as may be.
            QuotaExceeded: the maker's owner has made as many jobs today as it may.
            UploadExpired: the source is an upload that is deleted.
            SourceNotFound: the source is an upload in parts that nobody has completed.
        """
        job_id = str(uuid7())
        spec = request.model_dump_json(exclude_defaults=True, exclude={"webhook"})
        told = request.webhook or webhook
        upload = upload_id(request.source) or ""
        answer, value = self._scripts.run(
            "create",
            job_id,
            spec,
            request.priority,
            told.model_dump_json() if told else "",
            most_queued,
            idempotency.digest if idempotency else "",
            idempotency.fingerprint if idempotency else "",
            LIFETIME_SECONDS * 1000,
            upload,
            maker.owner,
            maker.quota or "",
            trace,
        )
        match answer:
            case "created":
                fields = {"state": State.QUEUED, "attempt": "0", "spec": spec, "created": value}
                if maker.owner:
                    fields["owner"] = maker.owner
                return parse_job(job_id, fields), True
            case "known":
                return self.get(value), False
            case "other":
                raise _other_request()
            case "quota":
                raise QuotaExceeded(maker.quota or 0, int(value))
            case "expired":
                raise expired(upload)
            case "incomplete":
                raise SourceNotFound(f"upload {upload} is not complete; complete it first")
            case _:
                raise _full(most_queued)

    def published(self, *jobs: Job) -> None:
        """Note that queued jobs' messages are in the queue, so that the sweep sends none."""
        self.published_ids((job.id, job.attempt) for job in jobs)

    def published_ids(self, jobs: Iterable[tuple[str, int]]) -> None:
        """Note the same of jobs by their ids and attempts so far."""
        self._scripts.run("published", *(part for job in jobs for part in job))

    def check_room(self, most_queued: int) -> None:
        """Find out early whether one more job may wait; ``accept`` decides.

        Raises:
            QueueFull: as many jobs are queued as may be.
        """
        if 0 < most_queued <= self.count(State.QUEUED):
            raise _full(most_queued)

    def find(self, idempotency: Idempotency) -> Job | None:
        """Return the job that an equal request with this key made in the last 24 hours.

        Raises:
            IdempotencyConflict: the key came with another request before.
        """
        record = key("idempotency", idempotency.digest)
        with reachable():
            known = cast(dict[str, str], self._redis.hgetall(record))
        try:
            job = self.get(known["job"]) if known else None
        except JobNotFound:
            # Forgotten already: TINTYPE_JOB_TTL is shorter than the life of a key.
            return None
        if job and known["fingerprint"] != idempotency.fingerprint:
            raise _other_request()
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job. One that is storing its result right now may still succeed.

        Raises:
            JobNotFound: there is none with this id.
            WrongState: it has succeeded or failed.
        """
        before, state = self._scripts.run("cancel", job_id)
        job = self.get(job_id)
        if state == State.CANCELED != before:
            log_end(state, {"job_id": job_id, "attempt": job.attempt})
        if state in (State.SUCCEEDED, State.FAILED):
            raise WrongState(f"the job has {state}; only a job that has not ended can be canceled")
        return job

    def retry(self, job_id: str, most_queued: int = 0) -> Job:
        """Queue a failed or canceled job again. It still has to be published.

        Raises:
            JobNotFound: there is none with this id.
            WrongState: it has succeeded, or has not ended.
            QueueFull: as many jobs are queued as may be.
        """
        answer, _ = self._scripts.run("retry", job_id, most_queued)
        if answer == "full":
            raise _full(most_queued)
        job = self.get(job_id)
        if answer == "batch":
            raise WrongState("the job is one of a batch; try the batch's failed jobs again instead")
        if answer != "again":
            raise WrongState(
                f"the job is {job.state}; only a failed or canceled job can be retried"
            )
        return job

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFound: there is none with this id.
        """
        with reachable():
            fields = cast(dict[str, str], self._redis.hgetall(key("job", job_id)))
        if not fields:
            raise JobNotFound(f"no job has the id {job_id!r}")
        return parse_job(job_id, fields)

    def list(
        self,
        state: State | None = None,
        limit: int = 50,
        cursor: str | None = None,
        code: str | None = None,
        owner: str | None = None,
    ) -> tuple[Sequence[Job], str | None]:
        """Return a page of jobs, newest first, and the cursor of the next page (None: the last).

        ``code`` asks for the jobs that failed with it, ``owner`` for those of one owner.

        Raises:
            InvalidCursor: the cursor is not a job id.
        """
        below = "+" if cursor is None else f"({as_id(cursor)}"
        with reachable():
            pipe = self._redis.pipeline(transaction=True)
            for index in _indexes(state, code, owner):
                pipe.zrevrangebylex(index, below, "-", start=0, num=limit + 1)
            newest = merge(*pipe.execute(), reverse=True)
            ids: list[str] = [*islice(newest, limit + 1)]
        jobs = [job for job in read_jobs(self._redis, ids[:limit]) if job]
        return jobs, ids[limit - 1] if len(ids) > limit else None

    def seconds_since_sweep(self) -> float | None:
        """Return how long ago some worker last looked for lost jobs; None if it never did."""
        with reachable():
            swept = cast(str | None, self._redis.get(key("swept")))
            seconds, _ = self._redis.time()
        return None if swept is None else max(0.0, seconds - int(swept) / 1000)

    def count(self, state: State) -> int:
        """Return how many jobs are in a state."""
        with reachable():
            return sum(int(self._redis.zcard(index)) for index in _indexes(state))


def _indexes(
    state: State | None, code: str | None = None, owner: str | None = None
) -> Iterator[str]:
    """Yield the sorted sets that hold the ids of such jobs."""
    # An owner's own lists know no priorities.
    start = ("jobs",) if owner is None else ("owner", owner, "jobs")
    if code is not None:
        yield key(*start, State.FAILED, code)
        return
    for each in State if state is None else (state,):
        if each is State.QUEUED and owner is None:
            yield from (key(*start, each, priority) for priority in Priority)
            yield key(*start, "held")
        else:
            yield key(*start, each)


def _full(most_queued: int) -> QueueFull:
    return QueueFull(f"{most_queued} jobs are queued, as many as may be; submit again later")


def _other_request() -> IdempotencyConflict:
    return IdempotencyConflict(
        "this Idempotency-Key came with another request; use a new key for a new job"
    )
