import logging
from typing import cast

import pytest
from redis import Redis

from core.broker import AGAIN, QUEUES
from core.errors import JobNotFound
from core.jobs import Attempt, Attempts, Job, JobStore, Priority, State, Webhook
from core.jobs.deliveries import Deliveries
from core.jobs.sweeping import Sweeping
from core.queues import UNACKNOWLEDGED
from tests.support.jobs import PROBLEM, REQUEST, RESULT, started, sweeper
from tests.support.redis import DUE, comes_due, grows_old, lease_runs_out

QUEUE = QUEUES[Priority.NORMAL]


@pytest.fixture
def sweeping(redis: Redis) -> Sweeping:
    return sweeper(redis)


def queued(jobs: JobStore, redis: Redis, priority: Priority = Priority.NORMAL) -> Job:
    """A job whose message is in its queue."""
    job = jobs.create(REQUEST.model_copy(update={"priority": priority}))
    jobs.published(job)
    redis.lpush(QUEUES[priority], job.id)
    return job


def ids(sweeping: Sweeping) -> list[str] | None:
    """Make one pass; the jobs to publish again."""
    found = sweeping.sweep()
    return None if found is None else list(found)


def taken(attempts: Attempts, redis: Redis, job: Job) -> Attempt:
    """A job that a worker has taken from its queue and started."""
    redis.lrem(QUEUE, 1, job.id)
    redis.hset(UNACKNOWLEDGED, job.id, "")
    return started(attempts, job.id)


def test_a_sweep_with_nothing_to_do_returns_nothing(
    jobs: JobStore, sweeping: Sweeping, redis: Redis
) -> None:
    queued(jobs, redis)
    assert ids(sweeping) == []


def test_a_job_whose_worker_died_is_published_again(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs, redis)
    started(attempts, job.id)
    assert ids(sweeping) == []
    lease_runs_out(redis, job.id)
    assert ids(sweeping) == [job.id]
    assert jobs.get(job.id).state is State.QUEUED
    assert ids(sweeping) == []
    assert started(attempts, job.id).token == 2


def test_a_job_whose_workers_always_die_ends_in_the_sweep(
    jobs: JobStore, attempts: Attempts, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sweeping = sweeper(redis, attempts=1)
    job, _ = jobs.accept(REQUEST, trace=f"00-{'a' * 32}-{'b' * 16}-01")
    started(attempts, job.id)
    lease_runs_out(redis, job.id)
    assert ids(sweeping) == []
    ended = jobs.get(job.id)
    assert ended.error
    assert (ended.state, ended.error.code) == (State.FAILED, "worker_lost")
    (line,) = [vars(record) for record in caplog.records if record.message == "job ended"]
    about = {name: line[name] for name in ("job_id", "state", "attempt", "code", "trace_id")}
    assert about == {
        "job_id": job.id,
        "state": "failed",
        "attempt": 1,
        "code": "worker_lost",
        "trace_id": "a" * 32,
    }


def test_a_job_that_was_never_published_is_published_until_it_starts(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = jobs.create(REQUEST)
    assert ids(sweeping) == []
    for _ in range(2):
        comes_due(redis, job.id)
        assert ids(sweeping) == [job.id]
    attempt = started(attempts, job.id)
    assert not redis.exists("{tintype}:jobs:due")
    attempts.succeed(attempt, RESULT)


def test_a_job_that_waits_is_published_when_its_time_has_come(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs, redis)
    attempts.give_back(started(attempts, job.id), 60, PROBLEM)
    assert ids(sweeping) == []
    comes_due(redis, job.id)
    assert ids(sweeping) == [job.id]
    assert started(attempts, job.id).retries == 1


def test_jobs_that_wait_for_long_are_not_taken_for_lost(
    jobs: JobStore, sweeping: Sweeping, redis: Redis
) -> None:
    for priority in Priority:
        grows_old(redis, queued(jobs, redis, priority).id, 100_000)
    assert [ids(sweeping) for _ in range(3)] == [[], [], []]


def test_a_lost_message_is_noticed_among_few(
    jobs: JobStore, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs, redis)
    grows_old(redis, job.id, 10_000)
    redis.delete(QUEUE)
    # One pass may look while a worker has just taken the message.
    assert ids(sweeping) == []
    assert sweeping.sweep() == {job.id: "its message was lost"}
    assert ids(sweeping) == []
    grows_old(redis, job.id, 10_000)
    assert ids(sweeping) == [job.id]
    redis.lpush(QUEUE, job.id)
    grows_old(redis, job.id, 10_000)
    assert ids(sweeping) == []


def test_a_message_that_a_dead_worker_has_taken_is_missed_after_a_minute(
    jobs: JobStore, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs, redis)
    redis.delete(QUEUE)
    redis.hset(UNACKNOWLEDGED, job.id, "")
    grows_old(redis, job.id, 30_000)
    assert [ids(sweeping) for _ in range(2)] == [[], []]
    grows_old(redis, job.id, 40_000)
    assert ids(sweeping) == [job.id]


def test_a_lost_message_is_noticed_among_many_when_later_jobs_have_overtaken_it(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    lost, *others, later = (queued(jobs, redis) for _ in range(40))
    low = queued(jobs, redis, Priority.LOW)
    for job in (lost, low):
        grows_old(redis, job.id, 60_000)
    for job in others:
        grows_old(redis, job.id, 10_000)
    redis.lrem(QUEUE, 1, lost.id)
    assert [ids(sweeping) for _ in range(2)] == [[], []]
    taken(attempts, redis, later)
    assert ids(sweeping) == [lost.id]


def test_only_as_many_are_published_as_have_lost_their_message(
    jobs: JobStore, sweeping: Sweeping, redis: Redis
) -> None:
    waiting = [queued(jobs, redis) for _ in range(5)]
    for job in waiting:
        grows_old(redis, job.id, 10_000)
    redis.lrem(QUEUE, 1, waiting[3].id)
    redis.lrem(QUEUE, 1, waiting[4].id)
    ids(sweeping)
    assert len(ids(sweeping) or []) == 2


def test_a_purged_broker_gets_all_its_messages_again(
    jobs: JobStore, sweeping: Sweeping, redis: Redis
) -> None:
    waiting = {queued(jobs, redis).id for _ in range(300)}
    for job_id in waiting:
        grows_old(redis, job_id, 10_000)
    redis.delete(QUEUE)
    found: set[str] = set()
    for _ in range(4):
        again = ids(sweeping) or []
        found.update(again)
        for job_id in again:
            redis.lpush(QUEUE, job_id)
    # What is published is not looked at again, so some wait for those before them to start.
    assert len(found) == 200


def test_one_sweeper_sweeps_at_a_time(jobs: JobStore, sweeping: Sweeping, redis: Redis) -> None:
    job = jobs.create(REQUEST)
    comes_due(redis, job.id)
    other = sweeper(redis, name="another")
    assert ids(sweeping) == [job.id]
    comes_due(redis, job.id)
    assert ids(other) is None
    redis.delete("{tintype}:sweep")
    assert ids(other) == [job.id]
    assert ids(sweeping) is None


def test_after_a_silence_workers_may_first_renew_their_leases(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    job = queued(jobs, redis)
    attempt = started(attempts, job.id)
    ids(sweeping)
    lease_runs_out(redis, job.id)
    redis.incrby("{tintype}:swept", -5000)
    assert ids(sweeping) == []
    assert jobs.get(job.id).state is State.RUNNING
    assert attempts.renew(attempt)
    redis.delete("{tintype}:patience")
    assert ids(sweeping) == []
    assert attempts.succeed(attempt, RESULT)


def test_jobs_that_ended_long_ago_are_forgotten_with_all_they_left(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    request = REQUEST.model_copy(update={"webhook": Webhook(url="https://a.example")})
    made = [jobs.create(request).id for _ in range(4)]
    attempts.succeed(started(attempts, made[0]), RESULT)
    attempts.fail(started(attempts, made[1]), PROBLEM)
    jobs.cancel(made[2])
    assert len(Deliveries(redis).of_job(made[0])) == 1
    ids(sweeping)
    assert len(jobs.list()[0]) == 4
    for job_id in made[:3]:
        grows_old(redis, job_id)
    ids(sweeping)
    assert [job.id for job in jobs.list()[0]] == [made[3]]
    with pytest.raises(JobNotFound):
        jobs.get(made[0])
    jobs.cancel(made[3])
    grows_old(redis, made[3])
    ids(sweeping)
    minutes = redis.keys("{tintype}:minute:*")
    assert minutes
    assert all(0 < redis.pttl(minute) <= 2 * 3_600_000 for minute in minutes)
    assert sorted({*redis.keys()} - {*minutes}) == [
        "{tintype}:events",
        "{tintype}:front",
        "{tintype}:missing",
        "{tintype}:pace",
        "{tintype}:sweep",
        "{tintype}:swept",
        "{tintype}:totals",
    ]


def test_records_that_someone_deleted_do_not_stop_the_sweep(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    running, waiting, lost, ended = (queued(jobs, redis).id for _ in range(4))
    started(attempts, running)
    attempts.give_back(started(attempts, waiting), 0)
    attempts.succeed(started(attempts, ended), RESULT)
    lease_runs_out(redis, running)
    comes_due(redis, waiting)
    grows_old(redis, ended)
    for job_id in (running, waiting, lost, ended):
        redis.delete(f"{{tintype}}:job:{job_id}")
    alive = jobs.create(REQUEST)
    comes_due(redis, alive.id)
    assert ids(sweeping) == [alive.id]
    assert redis.keys("{tintype}:job:*") == [f"{{tintype}}:job:{alive.id}"]
    assert ids(sweeping) == []


def test_the_queue_of_jobs_that_waited_is_kept_short(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    for _ in range(300):
        job = queued(jobs, redis)
        attempts.give_back(taken(attempts, redis, job), 0, PROBLEM)
    redis.delete(UNACKNOWLEDGED)
    published: list[str] = []
    for _ in range(5):
        again = ids(sweeping) or []
        published.extend(again)
        for job_id in again:
            redis.lpush(AGAIN, job_id)
        redis.zadd(DUE, dict.fromkeys(cast(list[str], redis.zrange(DUE, 0, -1)), 1))
    # Nobody takes anything: no job is published twice, and no more than the queue may hold.
    assert len(published) == len(set(published)) == 200


def test_jobs_that_wait_on_purpose_do_not_hide_one_whose_message_was_lost(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    for _ in range(250):
        attempts.give_back(started(attempts, queued(jobs, redis).id), 3600, PROBLEM)
    lost = queued(jobs, redis)
    grows_old(redis, lost.id, 10_000)
    later = queued(jobs, redis)
    redis.hset("{tintype}:front", Priority.NORMAL, 10**15)
    redis.delete(QUEUE)
    redis.lpush(QUEUE, later.id)
    found = [ids(sweeping) for _ in range(4)]
    assert [lost.id] in found


def test_slow_publishing_is_no_silence(
    jobs: JobStore, attempts: Attempts, sweeping: Sweeping, redis: Redis
) -> None:
    ids(sweeping)
    redis.incrby("{tintype}:swept", -5000)
    sweeping.done()
    job = queued(jobs, redis)
    taken(attempts, redis, job)
    lease_runs_out(redis, job.id)
    assert ids(sweeping) == [job.id]
