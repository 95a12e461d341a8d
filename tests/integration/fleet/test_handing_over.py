"""Jobs whose network other workers have, while those are busy."""

from redis import Redis

from core.broker import MODEL, QUEUES
from core.errors import ModelElsewhere
from core.jobs import Attempts, JobStore, State
from core.namespace import key
from core.queues import Queues
from tests.support.jobs import REQUEST, started, sweeper
from worker.handing_over import LATER, MOST, HandOver

FAR = ModelElsewhere("far")


def come_due(redis: Redis, job_id: str) -> None:
    redis.hset(key("job", job_id), "not_before", 0)
    redis.zadd(key("jobs", "due"), {job_id: 1})


def test_the_queue_of_a_network_is_kept_short(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    told: list[tuple[str, str]] = []
    queues = Queues(redis, [*QUEUES.values()])
    hand_over = HandOver(attempts, queues, lambda model, job_id: told.append((model, job_id)))
    first = started(attempts, jobs.create(REQUEST).id)
    assert hand_over(first, FAR) is State.QUEUED
    assert told == [("far", first.job.id)]
    assert sweeper(redis).sweep() == {}, "nobody else publishes it at once"

    redis.rpush(f"{MODEL}far", *["a message"] * MOST)
    second = started(attempts, jobs.create(REQUEST).id)
    assert hand_over(second, FAR) is State.QUEUED
    assert told == [("far", first.job.id)], "there is no room"
    waits = jobs.get(second.job.id).waiting
    assert waits is not None
    assert waits.code == "model_elsewhere"
    due = redis.zscore(key("jobs", "due"), second.job.id) or 0
    assert due - redis.time()[0] * 1000 > (LATER - 5) * 1000


def test_a_job_waits_for_its_network_as_long_as_that_works(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    hand_over = HandOver(attempts, Queues(redis, ()), lambda *_: None)
    job_id = jobs.create(REQUEST).id
    for round_ in range(200):
        attempt = started(attempts, job_id)
        assert (attempt.token, attempt.retries) == (round_ + 1, 0)
        assert hand_over(attempt, FAR) is State.QUEUED
        come_due(redis, job_id)
    assert redis.hget(key("job", job_id), "failing") is None


def test_a_job_that_was_canceled_meanwhile_is_handed_to_nobody(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    told: list[str] = []
    hand_over = HandOver(attempts, Queues(redis, ()), lambda _, job_id: told.append(job_id))
    attempt = started(attempts, jobs.create(REQUEST).id)
    jobs.cancel(attempt.job.id)
    assert hand_over(attempt, FAR) in {State.CANCELED, None}
    assert jobs.get(attempt.job.id).state is State.CANCELED
    assert told == []
