"""What one version does with what another has written."""

import logging
from typing import Any

import pytest
from redis import Redis

from core import heartbeats
from core.batches import BatchStore, Steps
from core.batches.records import BatchDestination, BatchRequest, BatchSource
from core.fleet import read_queues
from core.jobs import Attempts, JobStore, Problem, Stage, State, Webhook
from core.jobs.attempts import NEWER
from core.jobs.deliveries import Deliveries
from core.jobs.events import FIRST, EventLog
from core.jobs.scripts import key
from core.jobs.sweeping import AT_ONCE
from tests.conftest import LIMITS, TTL
from tests.support.jobs import PROBLEM, REQUEST, RESULT, started, sweeper
from tests.support.redis import comes_due
from tests.support.schemas import load_frozen, version_after

BATCH = BatchRequest(
    source=BatchSource(bucket="photos", prefix="scans/"),
    destination=BatchDestination(bucket="photos", prefix="colour/"),
)
HOOK = Webhook(url="https://receiver.example/hook")


def later_job(redis: Redis) -> str:
    """Return a job that a later version has made."""
    with version_after():
        return JobStore(redis).create(REQUEST).id


def test_records_say_the_version_that_wrote_them(redis: Redis, jobs: JobStore) -> None:
    job, _ = jobs.accept(REQUEST, webhook=HOOK)
    batch, _ = BatchStore(redis).create(BATCH)
    jobs.cancel(job.id)
    for record in (("job", job.id), ("batch", batch.id), ("delivery", f"{job.id}.1")):
        assert redis.hget(key(*record), "v") == "1"


def test_a_job_of_a_later_version_waits_and_says_why(
    redis: Redis, jobs: JobStore, attempts: Attempts, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = later_job(redis)
    with caplog.at_level(logging.WARNING):
        assert attempts.start(job_id, "host:1") is None
        for _ in range(5):
            assert attempts.start(job_id, "host:1") is None
    seen = jobs.get(job_id)
    assert (seen.state, seen.attempt, seen.waiting) == (State.QUEUED, 0, NEWER)
    assert [job.id for job in jobs.list(State.QUEUED)[0]] == [job_id]
    assert len(caplog.records) == 1


def test_it_has_no_message_until_a_worker_of_its_version_claims_it(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    job_id = later_job(redis)
    attempts.start(job_id, "host:1")
    assert read_queues(redis, redis).newer == 1
    assert [sweeper(redis).sweep() for _ in range(3)] == [{}, {}, {}]
    assert sweeper(redis).claim_newer("own") == []
    with version_after():
        later, claiming = Attempts(redis, LIMITS, TTL), sweeper(redis)
        assert claiming.claim_newer("own") == [job_id]
        assert claiming.claim_newer("own") == []
        attempt = started(later, job_id)
        assert (attempt.token, attempt.job.waiting) == (1, None)
        assert later.succeed(attempt, RESULT)
    assert read_queues(redis, redis).newer == 0
    assert jobs.get(job_id).state is State.SUCCEEDED


def test_one_that_is_claimed_and_not_started_is_put_aside_again(
    redis: Redis, attempts: Attempts
) -> None:
    job_id = later_job(redis)
    attempts.start(job_id, "host:1")
    with version_after():
        sweeper(redis).claim_newer("own")
    comes_due(redis, job_id)
    assert sweeper(redis).sweep() == {job_id: "it was never published"}
    assert attempts.start(job_id, "host:1") is None
    assert read_queues(redis, redis).newer == 1


def test_no_more_are_claimed_than_workers_take(redis: Redis, attempts: Attempts) -> None:
    for _ in range(3):
        attempts.start(later_job(redis), "host:1")
    redis.rpush("own", *range(AT_ONCE - 2))
    with version_after():
        assert len(sweeper(redis).claim_newer("own")) == 2


def test_it_can_be_canceled_while_it_waits(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    job_id = later_job(redis)
    attempts.start(job_id, "host:1")
    assert jobs.cancel(job_id).state is State.CANCELED
    assert read_queues(redis, redis).newer == 0
    with version_after():
        assert sweeper(redis).claim_newer("own") == []


def test_jobs_that_wait_for_a_later_version_are_no_lost_messages(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    later = later_job(redis)
    attempts.start(later, "host:1")
    lost = jobs.create(REQUEST)
    jobs.published(lost)
    sweeper(redis).sweep()
    for job_id in (later, lost.id):
        redis.hincrby(key("job", job_id), "created", -100_000)
    found = [sweeper(redis).sweep() for _ in range(3)]
    assert found == [{lost.id: "its message was lost"}, {}, {}]


def test_what_this_version_does_not_know_is_left_out_of_what_it_shows(
    redis: Redis, jobs: JobStore
) -> None:
    job_id = later_job(redis)
    spec = '{"source":{"bucket":"photos","key":"a.jpg","part":7},"options":{"grain":0.5,'
    spec += '"on_color":"tint","quality":90,"hints":[{"at":[0.5,0.5],"color":"#aabbcc","z":1},'
    spec += '{"line":[0,1],"color":"#aabbcc"}]},"priority":"normal","colour_space":"p3"}'
    redis.hset(key("job", job_id), mapping={"spec": spec, "progress": "0.5"})
    seen = jobs.get(job_id)
    assert (seen.source.key, seen.options.quality, seen.options.on_color) == (
        "a.jpg",
        90,
        "recolor",
    )
    assert len(seen.options.hints) == 1
    assert jobs.list()[0] == [seen]


def test_a_stage_of_a_later_version_is_passed_over(redis: Redis) -> None:
    for stage in ("sharpen", "store"):
        fields: dict[Any, Any] = {"job": "1", "state": "running", "attempt": "1", "stage": stage}
        redis.xadd(key("events"), fields)
    seen = EventLog(redis).after(FIRST, 0.01)
    assert [event.stage for event in seen] == [None, Stage.STORE]


def test_more_fields_of_the_same_version_are_passed_over(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    job_id = jobs.create(REQUEST).id
    spec = '{"source":{"bucket":"photos","key":"a.jpg"},"note":"hello"}'
    redis.hset(key("job", job_id), mapping={"spec": spec, "note": "hello"})
    assert started(attempts, job_id).job.source == REQUEST.source


@pytest.mark.parametrize(
    "damage", [{"spec": "{"}, {"spec": '{"source":{"bucket":"photos"}}'}, {"v": "0"}, {"v": "x"}]
)
def test_a_job_whose_record_nobody_can_read_fails_once(
    redis: Redis, jobs: JobStore, attempts: Attempts, damage: dict[Any, Any]
) -> None:
    job_id = jobs.create(REQUEST).id
    record = key("job", job_id)
    redis.hset(record, mapping=damage)
    assert attempts.start(job_id, "host:1") is None
    assert redis.hget(record, "state") == "failed"
    assert "record_damaged" in str(redis.hget(record, "error"))
    assert attempts.start(job_id, "host:1") is None


def test_a_batch_of_a_later_version_is_left_to_a_worker_of_that(redis: Redis) -> None:
    with version_after():
        batch, _ = BatchStore(redis).create(BATCH)
    redis.hset(key("batch", batch.id), "spec", BATCH.model_dump_json()[:-1] + ',"sort":"by size"}')
    steps = Steps(redis, 10, 0)
    assert steps.begin(batch.id) is None
    due = redis.zscore(key("batches", "due"), batch.id) or 0
    assert due > (heartbeats.now(redis) + 20) * 1000
    seen = BatchStore(redis).get(batch.id)
    assert (seen.source, seen.finished) == (BATCH.source, None)
    with version_after():
        assert Steps(redis, 10, 0).begin(batch.id)


def test_a_delivery_of_a_later_version_is_left_to_a_process_of_that(
    redis: Redis, jobs: JobStore
) -> None:
    ours, _ = jobs.accept(REQUEST, webhook=HOOK)
    with version_after():
        theirs, _ = JobStore(redis).accept(REQUEST, webhook=HOOK)
        JobStore(redis).cancel(theirs.id)
    jobs.cancel(ours.id)
    assert [each.job for each in Deliveries(redis).claim(10, 60)] == [ours.id]
    redis.zadd(key("deliveries", "due"), {f"{theirs.id}.1": 1}, xx=True)
    with version_after():
        assert [each.job for each in Deliveries(redis).claim(10, 60)] == [theirs.id]


def test_what_an_earlier_version_left_in_redis_is_read_and_worked_on(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    """Records from before there were versions count as version 1."""
    named = load_frozen(redis)
    seen = {name: jobs.get(job_id) for name, job_id in named.items()
            if name not in ("batch", "delivery")}  # fmt: skip
    assert {name: seen[name].state for name in seen} == {
        **dict.fromkeys(("queued", "waiting", "owned", "of batch"), State.QUEUED),
        **dict.fromkeys(("succeeded", "skipped"), State.SUCCEEDED),
        "running": State.RUNNING,
        "failed": State.FAILED,
        "canceled": State.CANCELED,
    }
    done = seen["succeeded"]
    assert (done.ambiguity, done.etag, len(done.variants)) == (0.25, "e", 1)
    assert done.fidelity is not None
    assert (seen["failed"].error, seen["failed"].chroma) == (PROBLEM, 17.4)
    assert seen["owned"].owner == "ann"
    assert seen["queued"].options.hints[0].at == (0.1, 0.2)

    attempt = started(attempts, named["queued"])
    assert attempts.succeed(attempt, RESULT)
    again = sweeper(redis).sweep() or {}
    assert {named["waiting"], named["running"]} & {*again}
    assert jobs.retry(named["failed"]).state is State.QUEUED

    batch = BatchStore(redis).get(named["batch"])
    assert (batch.counts.total, batch.counts.queued) == (1, 1)
    step = Steps(redis, 10, 0).begin(named["batch"])
    assert step
    assert Steps(redis, 10, 0).look(step).active == 1
    [told] = Deliveries(redis).of_job(named["succeeded"])
    assert (told.id, told.tries[0].status) == (named["delivery"], 500)


def test_a_job_that_is_handed_over_starts_at_once_and_is_not_published_twice(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    job_id = jobs.create(REQUEST).id
    elsewhere = Problem(code="model_elsewhere", detail="")
    state = attempts.give_back(started(attempts, job_id), 0, elsewhere, published=True)
    assert state is State.QUEUED
    assert jobs.get(job_id).waiting == elsewhere
    assert sweeper(redis).sweep() == {}
    due = redis.zscore(key("jobs", "due"), job_id) or 0
    assert 50_000 < due - heartbeats.now(redis) * 1000 < 61_000
    again = started(attempts, job_id)
    assert (again.token, again.job.waiting) == (2, None)
    assert redis.hget(key("job", job_id), "strikes") == "1"
