import threading

import pytest
from redis import Redis

from core.errors import AttemptOver
from core.jobs import Attempts, JobStore, Limits, Stage, State
from core.jobs.attempts import TIMED_OUT, WORKER_LOST
from tests.conftest import LIMITS, TTL
from tests.support.jobs import PROBLEM, REQUEST, RESULT, SKIPPED, started
from tests.support.redis import lease_runs_out


def test_a_job_goes_from_queued_to_succeeded(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    attempt = started(attempts, job_id)
    running = jobs.get(job_id)
    assert attempt.job == running
    assert attempt.token == running.attempt == 1
    assert (running.state, running.stage, running.worker) == (
        State.RUNNING,
        Stage.FETCH,
        "host:1",
    )
    assert running.timings.queued_ms is not None
    assert attempts.succeed(attempt, RESULT)
    job = jobs.get(job_id)
    assert (job.state, job.stage, job.worker) == (State.SUCCEEDED, None, None)
    assert (job.destination, job.width, job.height) == (RESULT.destination, 10, 20)
    assert job.timings.infer_ms == 1.5
    assert job.started is not None
    assert job.finished is not None
    assert job.created <= job.started <= job.finished
    assert [jobs.count(state) for state in State] == [0, 0, 1, 0, 0]


def test_a_failed_job_says_why(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    assert attempts.fail(started(attempts, job_id), PROBLEM)
    assert jobs.get(job_id).error == PROBLEM
    assert jobs.get(job_id).state is State.FAILED


def test_a_skipped_job_has_succeeded_without_a_result(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    attempt = started(attempts, job_id)
    assert attempts.skip(attempt, SKIPPED)
    job = jobs.get(job_id)
    assert (job.state, job.skipped, job.chroma) == (State.SUCCEEDED, "already_color", 17.46)
    assert (job.width, job.height) == (10, 20)
    assert (job.destination, job.model, job.bytes, job.error) == (None, None, None, None)
    assert not attempts.skip(attempt, SKIPPED)


def test_a_chroma_that_led_to_an_error_is_kept_with_it(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    assert attempts.fail(started(attempts, job_id), PROBLEM, 17.46)
    job = jobs.get(job_id)
    assert (job.state, job.error, job.chroma) == (State.FAILED, PROBLEM, 17.46)
    assert jobs.list(code=PROBLEM.code)[0] == [job]
    assert jobs.retry(job_id).chroma is None


def test_an_ended_job_never_starts_or_ends_again(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    attempt = started(attempts, job_id)
    assert attempts.succeed(attempt, RESULT)
    ended = jobs.get(job_id)
    assert attempts.start(job_id, "host:2") is None
    assert not attempts.fail(attempt, PROBLEM)
    assert not attempts.succeed(attempt, RESULT)
    assert not attempts.renew(attempt)
    assert attempts.give_back(attempt) is None
    assert jobs.get(job_id) == ended


def test_a_second_delivery_of_a_running_job_is_dropped(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    attempt = started(attempts, job_id)
    assert attempts.start(job_id, "host:2") is None
    assert attempts.succeed(attempt, RESULT)


def test_a_worker_that_asks_again_has_the_attempt_that_it_was_given(
    jobs: JobStore, attempts: Attempts
) -> None:
    job_id = jobs.create(REQUEST).id
    first, again = (attempts.start(job_id, "host:1") for _ in range(2))
    assert first == again
    assert attempts.start(job_id, "host:2") is None


def test_a_job_whose_lease_ran_out_is_taken_over_and_the_old_token_refused(
    jobs: JobStore, attempts: Attempts, redis: Redis
) -> None:
    job_id = jobs.create(REQUEST).id
    first = started(attempts, job_id)
    lease_runs_out(redis, job_id)
    second = started(attempts, job_id)
    assert (first.token, second.token) == (1, 2)
    with pytest.raises(AttemptOver):
        attempts.enter(first, Stage.STORE)
    assert not attempts.renew(first)
    assert not attempts.succeed(first, RESULT)
    assert attempts.give_back(first) is None
    assert jobs.get(job_id).state is State.RUNNING
    assert attempts.succeed(second, RESULT)


def test_a_renewed_lease_runs_on(redis: Redis, jobs: JobStore) -> None:
    attempts = Attempts(redis, LIMITS, TTL, lease=60)
    attempt = started(attempts, jobs.create(REQUEST).id)
    lease_runs_out(redis, attempt.job.id)
    assert attempts.renew(attempt)
    assert attempts.start(attempt.job.id, "host:2") is None
    lease_runs_out(redis, attempt.job.id)
    attempts.enter(attempt, Stage.INFER)
    assert attempts.start(attempt.job.id, "host:2") is None
    assert jobs.get(attempt.job.id).stage is Stage.INFER


def test_a_job_that_lost_its_worker_too_often_is_failed(
    jobs: JobStore, attempts: Attempts, redis: Redis
) -> None:
    job_id = jobs.create(REQUEST).id
    for token in (1, 2, 3):
        assert started(attempts, job_id).token == token
        lease_runs_out(redis, job_id)
    assert attempts.start(job_id, "host:1") is None
    job = jobs.get(job_id)
    assert (job.state, job.error) == (State.FAILED, WORKER_LOST)
    assert jobs.count(State.RUNNING) == 0


def test_a_job_that_hung_too_often_is_failed_as_timed_out(redis: Redis, jobs: JobStore) -> None:
    attempts = Attempts(redis, Limits(attempts=1, timeout=0, patience=60), TTL)
    job_id = jobs.create(REQUEST).id
    started(attempts, job_id)
    lease_runs_out(redis, job_id)
    assert attempts.start(job_id, "host:1") is None
    assert jobs.get(job_id).error == TIMED_OUT


def test_a_job_given_back_waits_for_its_time(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    assert attempts.give_back(started(attempts, job_id), 60, PROBLEM) is State.QUEUED
    assert attempts.start(job_id, "host:1") is None
    assert jobs.get(job_id).state is State.QUEUED


def test_what_is_no_fault_of_the_jobs_uses_up_no_attempts(
    jobs: JobStore, attempts: Attempts
) -> None:
    job_id = jobs.create(REQUEST).id
    for retries in range(10):
        attempt = started(attempts, job_id)
        assert attempt.retries == retries
        assert attempts.give_back(attempt, 0, PROBLEM) is State.QUEUED
    for _ in range(10):
        assert attempts.give_back(started(attempts, job_id)) is State.QUEUED
    assert attempts.succeed(started(attempts, job_id), RESULT)


def test_what_counts_fails_the_job_with_its_last_error(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    for expected in (State.QUEUED, State.QUEUED, State.FAILED):
        state = attempts.give_back(started(attempts, job_id), 0, PROBLEM, counts=True)
        assert state is expected
    assert jobs.get(job_id).error == PROBLEM


def test_a_job_that_goes_on_failing_runs_out_of_patience(redis: Redis, jobs: JobStore) -> None:
    attempts = Attempts(redis, Limits(attempts=3, timeout=60, patience=1), TTL)
    job_id = jobs.create(REQUEST).id
    attempts.give_back(started(attempts, job_id), 0, PROBLEM)
    redis.hincrby(f"{{tintype}}:job:{job_id}", "failing", 1000)
    assert attempts.give_back(started(attempts, job_id), 0, PROBLEM) is State.FAILED
    assert jobs.get(job_id).error == PROBLEM


@pytest.mark.parametrize("stage", [Stage.FETCH, Stage.INFER])
def test_a_running_job_that_is_canceled_stops_at_its_next_stage(
    jobs: JobStore, attempts: Attempts, stage: Stage
) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    attempts.enter(attempt, stage)
    assert jobs.cancel(attempt.job.id).state is State.CANCELED
    with pytest.raises(AttemptOver):
        attempts.enter(attempt, Stage.STORE)
    assert not attempts.succeed(attempt, RESULT)
    assert jobs.get(attempt.job.id).state is State.CANCELED


def test_a_job_that_is_storing_its_result_ends_as_it_does(
    jobs: JobStore, attempts: Attempts
) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    attempts.enter(attempt, Stage.STORE)
    assert jobs.cancel(attempt.job.id).state is State.RUNNING
    assert attempts.succeed(attempt, RESULT)
    assert jobs.get(attempt.job.id).state is State.SUCCEEDED


@pytest.mark.parametrize("how", ["given back", "used up", "lost"])
def test_a_job_canceled_while_it_stored_does_not_start_again(
    jobs: JobStore, attempts: Attempts, redis: Redis, how: str
) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    attempts.enter(attempt, Stage.STORE)
    jobs.cancel(attempt.job.id)
    if how == "lost":
        lease_runs_out(redis, attempt.job.id)
        assert attempts.start(attempt.job.id, "host:2") is None
    else:
        attempts.give_back(attempt, 0, PROBLEM, counts=how == "used up")
    assert jobs.get(attempt.job.id).state is State.CANCELED


def test_a_result_is_known_by_its_fingerprint(jobs: JobStore, attempts: Attempts) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    assert attempts.known("f" * 64) is None
    attempts.succeed(attempt, RESULT, "f" * 64)
    assert attempts.known("f" * 64) == jobs.get(attempt.job.id)


def test_an_unknown_job_is_not_started(attempts: Attempts) -> None:
    assert attempts.start("0198c0de-0000-7000-8000-000000000000", "host:1") is None


def test_only_one_of_many_that_start_and_end_a_job_at_once_wins(
    jobs: JobStore, attempts: Attempts
) -> None:
    job_id = jobs.create(REQUEST).id
    starts: list[int] = []
    wins: list[bool] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        barrier.wait()
        attempt = attempts.start(job_id, f"host:{number}")
        if attempt:
            starts.append(attempt.token)
            wins.extend(attempts.succeed(attempt, RESULT) for _ in range(2))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (starts, wins) == ([1], [True, False])
