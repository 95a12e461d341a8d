"""The job store in Redis: one hash per job, one sorted set per state, one Lua script per change."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, cast

from redis import Redis
from uuid_utils import UUID, uuid7

from core.errors import (
    IdempotencyConflict,
    InvalidCursor,
    JobNotFound,
    QueueFull,
    TintypeError,
)
from core.jobs.idempotency import LIFETIME_SECONDS, Idempotency
from core.jobs.records import Job, JobRequest, JobResult, Problem, State, Timings
from core.redis_client import reachable

log = logging.getLogger(__name__)

WORKER_LOST = Problem(
    code="worker_lost", detail="every worker that started this job died or hung before it ended"
)
ALL = "all"


class JobStore:
    """Creates, changes and reads jobs. Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis, prefix: str = "tintype") -> None:
        self._redis = redis
        self._prefix = prefix
        lua = files("core.jobs") / "lua"
        self._scripts = {
            name: redis.register_script((lua / f"{name}.lua").read_text())
            for name in ("create", "start", "finish", "discard")
        }

    def ping(self) -> None:
        """Ask Redis for a sign of life."""
        with reachable():
            self._redis.ping()

    def create(self, request: JobRequest) -> Job:
        """Record a new job as queued, whatever else is. It still has to be published."""
        job, _ = self.accept(request)
        return job

    def accept(
        self, request: JobRequest, most_queued: int = 0, idempotency: Idempotency | None = None
    ) -> tuple[Job, bool]:
        """Record a job as queued and return it with True: it still has to be published.

        With an idempotency key, the job that an equal request made in the last 24 hours comes
        back with False instead. ``most_queued`` 0 is no limit.

        Raises:
            IdempotencyConflict: the key came with another request before.
            QueueFull: as many jobs are queued as may be.
        """
        job_id = str(uuid7())
        spec = request.model_dump_json(exclude_none=True)
        keys = [*self._keys(job_id, [ALL, State.QUEUED]), self._idempotency_key(idempotency)]
        fingerprint = idempotency.fingerprint if idempotency else ""
        arguments: Sequence[str | int]
        arguments = [job_id, spec, most_queued, fingerprint, LIFETIME_SECONDS * 1000]
        with reachable():
            answer, value = self._scripts["create"](keys=keys, args=arguments)
        match answer:
            case "created":
                fields = {"state": State.QUEUED, "attempt": "0", "spec": spec, "created": value}
                return _parse(job_id, fields), True
            case "known":
                return self.get(value), False
            case "other":
                raise _other_request()
            case _:
                raise _full(most_queued)

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
        with reachable():
            known = cast(dict[str, str], self._redis.hgetall(self._idempotency_key(idempotency)))
        if not known:
            return None
        if known["fingerprint"] != idempotency.fingerprint:
            raise _other_request()
        return self.get(known["job"])

    def discard(self, job_id: str, idempotency: Idempotency | None = None) -> None:
        """Forget a job that was recorded and could not be published, and its key."""
        keys = [*self._keys(job_id, [ALL, State.QUEUED]), self._idempotency_key(idempotency)]
        with reachable():
            self._scripts["discard"](keys=keys, args=[job_id])

    def start(self, job_id: str, max_attempts: int) -> int | None:
        """Start an attempt; return its fencing token, or None if the job must not run.

        A job that has used up its attempts becomes failed with the code ``worker_lost``.
        """
        indexes = [State.QUEUED, State.RUNNING, State.FAILED]
        arguments = [max_attempts, WORKER_LOST.model_dump_json()]
        return self._run("start", job_id, indexes, arguments) or None

    def succeed(self, job_id: str, token: int, result: JobResult) -> bool:
        """End a job with its result; False if the token is no longer the job's."""
        return self._finish(job_id, token, State.SUCCEEDED, "result", result.model_dump_json())

    def fail(self, job_id: str, token: int, problem: Problem) -> bool:
        """End a job with an error; False if the token is no longer the job's."""
        return self._finish(job_id, token, State.FAILED, "error", problem.model_dump_json())

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFound: there is none with this id.
        """
        with reachable():
            fields = cast(dict[str, str], self._redis.hgetall(self._job_key(job_id)))
        if not fields:
            raise JobNotFound(f"no job has the id {job_id!r}")
        return _parse(job_id, fields)

    def list(
        self, state: State | None = None, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[Job], str | None]:
        """Return a page of jobs, newest first, and the cursor of the next page (None: the last).

        Raises:
            InvalidCursor: the cursor is not a job id.
        """
        below = "+" if cursor is None else f"({_as_id(cursor)}"
        index = self._index_key(state or ALL)
        with reachable():
            found = self._redis.zrevrangebylex(index, below, "-", start=0, num=limit + 1)
            ids = cast(list[str], found)
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids[:limit]:
                pipe.hgetall(self._job_key(job_id))
            records = pipe.execute()
        jobs = []
        for job_id, fields in zip(ids[:limit], records, strict=True):
            try:
                if fields:
                    jobs.append(_parse(job_id, fields))
            except TintypeError:
                # One damaged record must not hide the others.
                log.exception("left out of a listing")
        return jobs, ids[limit - 1] if len(ids) > limit else None

    def count(self, state: State) -> int:
        """Return how many jobs are in a state."""
        with reachable():
            return int(self._redis.zcard(self._index_key(state)))

    def _finish(self, job_id: str, token: int, state: State, field: str, value: str) -> bool:
        return bool(
            self._run("finish", job_id, [State.RUNNING, state], [token, state, field, value])
        )

    def _run(self, script: str, job_id: str, indexes: Sequence[str], rest: Sequence[Any]) -> int:
        with reachable():
            keys = self._keys(job_id, indexes)
            return int(self._scripts[script](keys=keys, args=[job_id, *rest]))

    def _keys(self, job_id: str, indexes: Sequence[str]) -> Sequence[str]:
        return [self._job_key(job_id), *map(self._index_key, indexes)]

    def _idempotency_key(self, idempotency: Idempotency | None) -> str:
        return f"{self._prefix}:idempotency:{idempotency.digest if idempotency else ''}"

    def _job_key(self, job_id: str) -> str:
        return f"{self._prefix}:job:{job_id}"

    def _index_key(self, name: str) -> str:
        return f"{self._prefix}:jobs:{name}"


def _full(most_queued: int) -> QueueFull:
    return QueueFull(f"{most_queued} jobs are queued, as many as may be; submit again later")


def _other_request() -> IdempotencyConflict:
    return IdempotencyConflict(
        "this Idempotency-Key came with another request; use a new key for a new job"
    )


def _as_id(cursor: str) -> str:
    """Return the cursor if it is a job id: it becomes part of a range, so nothing else may."""
    try:
        return str(UUID(cursor))
    except ValueError as error:
        raise InvalidCursor("cursor must be the 'next' of an earlier page") from error


def _moment(milliseconds: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None


def _parse(job_id: str, fields: Mapping[str, str]) -> Job:
    """Rebuild a job from its hash.

    Raises:
        TintypeError: it is not as we write it.
    """
    try:
        return _rebuild(job_id, fields)
    except (ValueError, LookupError, TypeError, TintypeError) as error:
        raise TintypeError(f"the record of job {job_id} is damaged: {error}") from error


def _rebuild(job_id: str, fields: Mapping[str, str]) -> Job:
    spec = json.loads(fields["spec"])
    result = json.loads(fields.get("result", "{}"))
    timings = result.pop("timings", {})
    if "started" in fields:
        timings["queued_ms"] = max(0, int(fields["started"]) - int(fields["created"]))
    return Job.model_validate(
        {
            "destination": None,
            **spec,
            **result,
            "id": job_id,
            "state": State(fields["state"]),
            "attempt": int(fields["attempt"]),
            "timings": Timings.model_validate(timings),
            "error": json.loads(fields["error"]) if "error" in fields else None,
            "created": _moment(fields["created"]),
            "started": _moment(fields.get("started")),
            "finished": _moment(fields.get("finished")),
        }
    )
