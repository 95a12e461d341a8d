"""What workers do with jobs: start an attempt, keep its lease, end it.

The attempt's number is its fencing token: once another attempt has started, or the job was
canceled, every change under the old number is refused.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from redis import Redis

from core.errors import AttemptCanceled, AttemptOver, QueueUnavailable, TintypeError
from core.jobs.ending import log_ended
from core.jobs.parsing import parse_job, write_problem, write_result, write_review
from core.jobs.records import Job, JobResult, Problem, Skipped, Stage, State
from core.jobs.scripts import Scripts, as_fields, key, milliseconds
from core.metrics.observed import observed
from core.redis_client import reachable
from core.tracing import TraceContext

log = logging.getLogger(__name__)
LEASE_SECONDS = 8.0
"""A worker that says nothing for so long has lost its job."""
RENEW_SECONDS = 2.0
REVIEWED = 1000
"""Jobs that a batch remembers as its most ambiguous ones."""

WORKER_LOST = Problem(
    code="worker_lost", detail="every worker that started this job died or hung before it ended"
)
TIMED_OUT = Problem(code="timeout", detail="the job took longer than its time limit")
NEWER = Problem(
    code="newer_schema",
    detail="a later version of Tintype has made this job; it waits for a worker of that version",
)
DAMAGED = Problem(
    code="record_damaged",
    detail="the job's record cannot be read; the worker's log says why; submit it again",
)


@dataclass(frozen=True)
class Attempt:
    """A job that a worker has started."""

    job: Job
    token: int
    """The fencing token: 1 for the first attempt."""
    retries: int
    """How often it was given back with an error."""
    trace: TraceContext | None = None
    """Of the request that made the job."""


@dataclass(frozen=True)
class Limits:
    """How often and how long a job may be tried."""

    attempts: int
    """Those that end with a worker's death, a timeout or an unexpected error."""
    timeout: float
    """Seconds of one attempt."""
    patience: float
    """Seconds, in tries and the waits between them, that a job may fail for a server's sake."""


class Attempts:
    """Starts and ends attempts. Every method raises QueueUnavailable if Redis is away."""

    def __init__(
        self, redis: Redis, limits: Limits, ttl: float, lease: float = LEASE_SECONDS
    ) -> None:
        self._redis = redis
        self._limits = limits
        self._ttl = milliseconds(ttl)
        self._lease = milliseconds(lease)
        self._scripts = Scripts(redis, "start", "enter", "renew", "succeed", "fail", "give_back")

    def start(self, job_id: str, worker: str) -> Attempt | None:
        """Start an attempt, or return None if the job must not run.

        It must not run if it has ended, waits for a later moment, another worker has it, or a
        later version has made it: then it waits for a worker of that. A job whose worker lost it
        and that has used up its attempts becomes failed, and so does one whose record is damaged;
        what ends here is logged.
        """
        answer = self._scripts.run(
            "start",
            job_id,
            worker,
            self._lease,
            self._limits.attempts,
            milliseconds(self._limits.timeout),
            WORKER_LOST.model_dump_json(),
            TIMED_OUT.model_dump_json(),
            NEWER.model_dump_json(),
        )
        if not answer:
            return None
        if answer[2] != job_id:
            raise QueueUnavailable(f"Redis answered about job {answer[2]}, not {job_id}")
        if answer[0] == "newer":
            if answer[1] == 1:
                log.warning("%s", NEWER.detail)
            return None
        if answer[0] == "ended":
            log_ended(answer[1])
            return None
        fields = as_fields(answer[1])
        return self._readable(job_id, int(answer[0]), fields)

    def _readable(self, job_id: str, token: int, fields: Mapping[str, str]) -> Attempt | None:
        """Return a started attempt, or fail its job if nobody can ever read it."""
        trace = TraceContext.read(fields.get("trace"))
        try:
            return Attempt(parse_job(job_id, fields), token, int(fields.get("retries", 0)), trace)
        except (TintypeError, ValueError) as error:
            log.error("the job fails: %s", error)
            problem = DAMAGED.model_dump_json()
            if self._scripts.run("fail", job_id, token, problem):
                about = (problem, fields.get("batch"), fields.get("trace"))
                log_ended((job_id, State.FAILED, str(token), *about))
            return None

    def enter(self, attempt: Attempt, stage: Stage) -> None:
        """Enter the next stage, if the attempt is not over.

        Raises:
            AttemptCanceled: someone canceled the job while it stored a result; it ends here.
            AttemptOver: the job was canceled, or another worker has it.
        """
        entered = self._scripts.run("enter", attempt.job.id, attempt.token, self._lease, stage)
        if entered == "canceled":
            raise AttemptCanceled("the job was canceled while it stored a result")
        if not entered:
            raise AttemptOver("the job was canceled, or another worker has it by now")

    def renew(self, attempt: Attempt) -> bool:
        """Keep the lease for another while; False if the attempt is over."""
        return bool(self._scripts.run("renew", attempt.job.id, attempt.token, self._lease))

    def succeed(self, attempt: Attempt, result: JobResult, fingerprint: str = "") -> bool:
        """End a job with its result; False if the attempt is over.

        ``fingerprint`` is that of all which decides what the result looks like; ``known`` finds
        the result by it.
        """
        value, review = write_result(result), write_review(attempt.job, result)
        arguments = (attempt.job.id, attempt.token, value, fingerprint, self._ttl)
        for_review = (review, str(result.ambiguity or 0), REVIEWED)
        took = observed(attempt.job.timings.queued_ms, result.timings.model_dump())
        counted = (each for pair in took.items() for each in pair)
        return bool(self._scripts.run("succeed", *arguments, *for_review, *counted))

    def skip(self, attempt: Attempt, skipped: Skipped) -> bool:
        """End a job as succeeded without a result; False if the attempt is over."""
        arguments = (attempt.job.id, attempt.token, skipped.model_dump_json(), "", self._ttl)
        return bool(self._scripts.run("succeed", *arguments, "", 0, REVIEWED))

    def fail(self, attempt: Attempt, problem: Problem, chroma: float | None = None) -> bool:
        """End a job with an error for good; False if the attempt is over.

        ``chroma`` is that of the source, if it was measured.
        """
        value = write_problem(problem, chroma)
        return bool(self._scripts.run("fail", attempt.job.id, attempt.token, value))

    def give_back(
        self,
        attempt: Attempt,
        delay: float = 0,
        problem: Problem | None = None,
        *,
        counts: bool = False,
        published: bool = False,
        patient: bool = False,
    ) -> State | None:
        """Queue the job again, not before ``delay`` seconds; None if the attempt is over.

        With ``counts``, the job becomes failed instead if it has used up its attempts; with a
        problem that does not count, if it has gone on failing for longer than its patience.
        ``published``: the caller publishes it at once; otherwise the sweep does. ``patient``: it
        has not failed, and may go on so for as long as it takes.
        """
        state = self._scripts.run(
            "give_back",
            attempt.job.id,
            attempt.token,
            milliseconds(delay),
            problem.model_dump_json() if problem else "",
            self._limits.attempts if counts else 0,
            milliseconds(self._limits.patience) if problem and not counts and not patient else 0,
            int(published),
        )
        return State(state) if state else None

    def reset(self) -> None:
        """Drop all connections: an exception may have come between a question and its answer."""
        self._redis.connection_pool.disconnect()

    def known(self, fingerprint: str) -> Job | None:
        """Return the last job that succeeded with this fingerprint, while it is kept."""
        with reachable():
            job_id = self._redis.get(key("result", fingerprint))
            fields = self._redis.hgetall(key("job", str(job_id))) if job_id else None
        return parse_job(str(job_id), fields) if fields else None  # type: ignore[arg-type]
