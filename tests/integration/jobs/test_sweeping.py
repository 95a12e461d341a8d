import pytest
from redis import Redis

from core.errors import JobNotFound
from core.jobs import Attempts, Job, JobStore, Limits, Priority, State, Webhook
from core.jobs.deliveries import Deliveries
from core.jobs.sweeping import Sweeping
from tests.conftest import LIMITS, TTL
from tests.support.jobs import PROBLEM, REQUEST, RESULT, started
from tests.support.redis import comes_due, grows_old, lease_runs_out

EMPTY = dict.fromkeys(Priority, 0)
LONG = dict.fromkeys(Priority, 1000)


@pytest.fixture
def sweeping(redis: Redis) -> Sweeping:
    return Sweeping(redis, LIMITS, TTL, "a sweeper")


def queued(jobs: JobStore, priority: Priority = Priority.NORMAL) -> Job:
    """A job whose message is in its queue."""
    job = jobs.create(REQUEST.model_copy(update={"priority": priority}))
    jobs.published(job)
    return job


def test_a_sweep_with_nothing_to_do_returns_nothing(jobs: JobStore, sweeping: Sweeping) -> None:
    queued(jobs)
    assert sweeping.sweep(EMPTY) == []


def test_a_job_whose_worker_died_is_published_again(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs)
    started(attempts, job.id)
    assert sweeping.sweep(EMPTY) == []
    lease_runs_out(redis, job.id)
    assert sweeping.sweep(LONG) == [job.id]
    assert jobs.get(job.id).state is State.QUEUED
    assert sweeping.sweep(LONG) == []
    assert started(attempts, job.id).token == 2


def test_a_job_whose_workers_always_die_ends_in_the_sweep(
    jobs: JobStore, attempts: Attempts, redis: Redis
) -> None:
    sweeping = Sweeping(redis, Limits(attempts=1, timeout=60, patience=60), TTL, "a sweeper")
    job = queued(jobs)
    started(attempts, job.id)
    lease_runs_out(redis, job.id)
    assert sweeping.sweep(EMPTY) == []
    ended = jobs.get(job.id)
    assert ended.error
    assert (ended.state, ended.error.code) == (State.FAILED, "worker_lost")


def test_a_job_that_was_never_published_is_published_until_it_starts(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = jobs.create(REQUEST)
    assert sweeping.sweep(LONG) == []
    for _ in range(2):
        comes_due(redis, job.id)
        assert sweeping.sweep(LONG) == [job.id]
    attempt = started(attempts, job.id)
    assert not redis.exists("tintype:jobs:due")
    attempts.succeed(attempt, RESULT)


def test_a_job_that_waits_is_published_when_its_time_has_come(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs)
    attempts.give_back(started(attempts, job.id), 60, PROBLEM)
    assert sweeping.sweep(EMPTY) == []
    comes_due(redis, job.id)
    assert sweeping.sweep(LONG) == [job.id]
    assert started(attempts, job.id).retries == 1


def test_a_lost_message_is_noticed_when_hardly_any_is_left(
    jobs: JobStore, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs)
    grows_old(redis, job.id, 10_000)
    assert sweeping.sweep(LONG) == []
    assert sweeping.sweep(EMPTY | {Priority.HIGH: 1000}) == [job.id]
    assert sweeping.sweep(EMPTY) == []
    grows_old(redis, job.id, 10_000)
    assert sweeping.sweep(EMPTY) == [job.id]


def test_a_lost_message_is_noticed_when_a_later_job_has_started(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    lost, other, later = queued(jobs), queued(jobs, Priority.LOW), queued(jobs)
    for job in (lost, other):
        grows_old(redis, job.id, 60_000)
    assert sweeping.sweep(LONG) == []
    started(attempts, later.id)
    assert sweeping.sweep(LONG) == [lost.id]


def test_one_sweeper_sweeps_at_a_time(jobs: JobStore, sweeping: Sweeping, redis: Redis) -> None:
    job = jobs.create(REQUEST)
    comes_due(redis, job.id)
    other = Sweeping(redis, LIMITS, TTL, "another")
    assert sweeping.sweep(EMPTY) == [job.id]
    comes_due(redis, job.id)
    assert other.sweep(EMPTY) is None
    redis.delete("tintype:sweep")
    assert other.sweep(EMPTY) == [job.id]
    assert sweeping.sweep(EMPTY) is None


def test_after_a_silence_workers_may_first_renew_their_leases(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs)
    attempt = started(attempts, job.id)
    sweeping.sweep(EMPTY)
    lease_runs_out(redis, job.id)
    redis.incrby("tintype:swept", -5000)
    assert sweeping.sweep(EMPTY) == []
    assert jobs.get(job.id).state is State.RUNNING
    assert attempts.renew(attempt)
    redis.delete("tintype:patience")
    assert sweeping.sweep(EMPTY) == []
    assert attempts.succeed(attempt, RESULT)


def test_jobs_that_ended_long_ago_are_forgotten_with_all_they_left(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    request = REQUEST.model_copy(update={"webhook": Webhook(url="https://a.example")})
    ids = [jobs.create(request).id for _ in range(4)]
    attempts.succeed(started(attempts, ids[0]), RESULT)
    attempts.fail(started(attempts, ids[1]), PROBLEM)
    jobs.cancel(ids[2])
    assert len(Deliveries(redis).of_job(ids[0])) == 1
    sweeping.sweep(EMPTY)
    assert len(jobs.list()[0]) == 4
    for job_id in ids[:3]:
        grows_old(redis, job_id)
    sweeping.sweep(EMPTY)
    assert [job.id for job in jobs.list()[0]] == [ids[3]]
    with pytest.raises(JobNotFound):
        jobs.get(ids[0])
    jobs.cancel(ids[3])
    grows_old(redis, ids[3])
    sweeping.sweep(EMPTY)
    assert sorted(redis.keys()) == [
        "tintype:events",
        "tintype:front",
        "tintype:sweep",
        "tintype:swept",
    ]


def test_records_that_someone_deleted_do_not_stop_the_sweep(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    running, waiting, lost, ended = (queued(jobs).id for _ in range(4))
    started(attempts, running)
    attempts.give_back(started(attempts, waiting), 0)
    attempts.succeed(started(attempts, ended), RESULT)
    lease_runs_out(redis, running)
    comes_due(redis, waiting)
    grows_old(redis, ended)
    for job_id in (running, waiting, lost, ended):
        redis.delete(f"tintype:job:{job_id}")
    alive = jobs.create(REQUEST)
    comes_due(redis, alive.id)
    assert sweeping.sweep(EMPTY) == [alive.id]
    assert redis.keys("tintype:job:*") == [f"tintype:job:{alive.id}"]
    assert sweeping.sweep(EMPTY) == []
