"""Every job has one line when it ends, whoever ends it."""

import logging
from typing import Any

import pytest
from redis import Redis

from core.errors import AttemptCanceled, AttemptOver
from core.jobs import Attempts, JobStore, Limits, Stage, State
from tests.conftest import TTL
from tests.support.jobs import PROBLEM, REQUEST, started
from tests.support.redis import lease_runs_out

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def end(caplog: pytest.LogCaptureFixture, *names: str) -> dict[str, Any]:
    """What the one line says."""
    (line,) = [vars(record) for record in caplog.records if record.message == "job ended"]
    return {name: line.get(name) for name in names}


@pytest.mark.parametrize(("timeout", "code"), [(60, "worker_lost"), (0, "timeout")])
def test_a_start_that_finds_the_last_worker_dead_tells_the_end(
    redis: Redis, jobs: JobStore, caplog: pytest.LogCaptureFixture, timeout: float, code: str
) -> None:
    attempts = Attempts(redis, Limits(attempts=1, timeout=timeout, patience=60), TTL)
    job, _ = jobs.accept(REQUEST, trace=TRACE)
    started(attempts, job.id)
    lease_runs_out(redis, job.id)
    assert attempts.start(job.id, "host:2") is None
    assert end(caplog, "job_id", "state", "attempt", "code", "trace_id") == {
        "job_id": job.id,
        "state": "failed",
        "attempt": 1,
        "code": code,
        "trace_id": "a" * 32,
    }
    assert attempts.start(job.id, "host:2") is None
    end(caplog)


def test_a_start_that_ends_a_canceled_job_tells_the_end(
    redis: Redis, jobs: JobStore, attempts: Attempts, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    attempts.enter(attempt, Stage.STORE)
    jobs.cancel(attempt.job.id)
    lease_runs_out(redis, attempt.job.id)
    assert attempts.start(attempt.job.id, "host:2") is None
    assert end(caplog, "state", "attempt", "code") == {
        "state": "canceled",
        "attempt": 1,
        "code": None,
    }


def test_the_end_of_a_job_that_nobody_can_read_is_told(
    redis: Redis, jobs: JobStore, attempts: Attempts, caplog: pytest.LogCaptureFixture
) -> None:
    job, _ = jobs.accept(REQUEST, trace=TRACE)
    redis.hset(f"{{tintype}}:job:{job.id}", mapping={"spec": "{", "batch": "a batch"})
    assert attempts.start(job.id, "host:1") is None
    assert redis.hget(f"{{tintype}}:job:{job.id}", "state") == State.FAILED
    assert end(caplog, "job_id", "state", "attempt", "code", "batch_id", "trace_id") == {
        "job_id": job.id,
        "state": "failed",
        "attempt": 1,
        "code": "record_damaged",
        "batch_id": "a batch",
        "trace_id": "a" * 32,
    }


def test_whoever_ends_a_canceled_job_at_its_next_stage_knows_it(
    jobs: JobStore, attempts: Attempts
) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    attempts.enter(attempt, Stage.STORE)
    assert jobs.cancel(attempt.job.id).state is State.RUNNING
    with pytest.raises(AttemptCanceled):
        attempts.enter(attempt, Stage.INFER)
    assert jobs.get(attempt.job.id).state is State.CANCELED
    with pytest.raises(AttemptOver) as caught:
        attempts.enter(attempt, Stage.STORE)
    assert not isinstance(caught.value, AttemptCanceled)
    assert not attempts.fail(attempt, PROBLEM)
