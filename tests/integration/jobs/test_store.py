import pytest
from redis import Redis

from core.errors import (
    InvalidCursor,
    JobNotFound,
    QueueFull,
    QueueUnavailable,
    TintypeError,
    WrongState,
)
from core.jobs import Attempts, Job, JobStore, Priority, State, Webhook
from core.redis_client import connect
from tests.support.jobs import PROBLEM, REQUEST, RESULT, started

NOBODY = "0198c0de-0000-7000-8000-000000000000"


def test_a_new_job_is_queued_with_what_was_asked(jobs: JobStore) -> None:
    job = jobs.create(REQUEST)
    assert job == jobs.get(job.id)
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert (job.source, job.options, job.destination) == (REQUEST.source, REQUEST.options, None)
    assert (job.started, job.finished, job.error) == (None, None, None)
    assert jobs.count(State.QUEUED) == 1


def _pages(jobs: JobStore, state: State | None, limit: int) -> list[list[Job]]:
    pages, cursor = [], None
    while True:
        page, cursor = jobs.list(state, limit, cursor)
        pages.append(list(page))
        if cursor is None:
            return pages


def test_pages_hold_every_job_once_newest_first(jobs: JobStore) -> None:
    ids = [jobs.create(REQUEST).id for _ in range(7)]
    pages = _pages(jobs, None, 3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [job.id for page in pages for job in page] == ids[::-1]


def test_a_listing_of_one_state_has_only_that(jobs: JobStore, attempts: Attempts) -> None:
    ids = [jobs.create(REQUEST).id for _ in range(4)]
    for job_id in ids[:2]:
        started(attempts, job_id)
    assert [job.id for job in jobs.list(State.RUNNING)[0]] == [ids[1], ids[0]]
    assert [job.id for job in jobs.list(State.QUEUED)[0]] == [ids[3], ids[2]]
    assert jobs.list(State.FAILED) == ([], None)


@pytest.mark.parametrize("cursor", ["", "x", "+", "(", "0198c0de"])
def test_a_cursor_that_no_listing_gave_is_refused(jobs: JobStore, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        jobs.list(cursor=cursor)


def test_a_damaged_record_is_no_fault_of_the_clients(jobs: JobStore, redis: Redis) -> None:
    job_id = jobs.create(REQUEST).id
    redis.hset(f"{{tintype}}:job:{job_id}", "spec", "{}")
    with pytest.raises(TintypeError, match="is damaged") as caught:
        jobs.get(job_id)
    assert caught.value.code == "internal_error"


def test_without_redis_every_method_says_so(closed_port: int) -> None:
    jobs = JobStore(connect(f"redis://127.0.0.1:{closed_port}/0", patience=0.1))
    calls = (
        lambda: jobs.create(REQUEST),
        lambda: jobs.get("x"),
        lambda: jobs.cancel("x"),
        lambda: jobs.retry("x"),
        jobs.list,
        lambda: jobs.count(State.QUEUED),
        jobs.ping,
    )
    for call in calls:
        with pytest.raises(QueueUnavailable, match="TINTYPE_REDIS_URL"):
            call()


def test_a_page_of_all_jobs_is_in_order_whatever_their_states(
    jobs: JobStore, attempts: Attempts
) -> None:
    ids = [
        jobs.create(REQUEST.model_copy(update={"priority": priority})).id
        for priority in (*Priority, *Priority)
    ]
    attempts.fail(started(attempts, ids[1]), PROBLEM)
    attempts.succeed(started(attempts, ids[4]), RESULT)
    started(attempts, ids[2])
    jobs.cancel(ids[5])
    pages = _pages(jobs, None, 4)
    assert [job.id for page in pages for job in page] == ids[::-1]
    assert [jobs.count(state) for state in State] == [2, 1, 1, 1, 1]


def test_failed_jobs_are_found_by_their_code(jobs: JobStore, attempts: Attempts) -> None:
    ids = [jobs.create(REQUEST).id for _ in range(3)]
    for job_id, code in zip(ids, ("timeout", "broken_image", "timeout"), strict=True):
        attempts.fail(started(attempts, job_id), PROBLEM.model_copy(update={"code": code}))
    found, cursor = jobs.list(code="timeout")
    assert [job.id for job in found] == [ids[2], ids[0]]
    assert cursor is None
    jobs.retry(ids[0])
    assert [job.id for job in jobs.list(code="timeout")[0]] == [ids[2]]


def test_a_canceled_job_never_starts(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    canceled = jobs.cancel(job_id)
    assert (canceled.state, canceled.attempt) == (State.CANCELED, 0)
    assert canceled.finished is not None
    assert attempts.start(job_id, "host:1") is None
    assert jobs.cancel(job_id) == canceled


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED])
def test_an_ended_job_cannot_be_canceled(jobs: JobStore, attempts: Attempts, state: State) -> None:
    attempt = started(attempts, jobs.create(REQUEST).id)
    if state is State.FAILED:
        attempts.fail(attempt, PROBLEM)
    else:
        attempts.succeed(attempt, RESULT)
    ended = jobs.get(attempt.job.id)
    with pytest.raises(WrongState, match=state):
        jobs.cancel(ended.id)
    assert jobs.get(ended.id) == ended


def test_a_failed_job_starts_anew_when_it_is_retried(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    for _ in range(3):
        attempts.give_back(started(attempts, job_id), 0, PROBLEM, counts=True)
    assert jobs.get(job_id).state is State.FAILED
    job = jobs.retry(job_id)
    assert (job.state, job.attempt, job.error, job.finished) == (State.QUEUED, 3, None, None)
    for token in (4, 5):
        attempt = started(attempts, job_id)
        assert attempt.token == token
        assert attempts.give_back(attempt, 0, PROBLEM, counts=True) is State.QUEUED
    assert attempts.succeed(started(attempts, job_id), RESULT)


def test_only_a_failed_or_canceled_job_can_be_retried(jobs: JobStore, attempts: Attempts) -> None:
    job_id = jobs.create(REQUEST).id
    for prepare in (
        lambda: None,
        lambda: started(attempts, job_id),
        lambda: attempts.succeed(started(attempts, jobs.retry(jobs.cancel(job_id).id).id), RESULT),
    ):
        prepare()
        with pytest.raises(WrongState):
            jobs.retry(job_id)
    with pytest.raises(JobNotFound):
        jobs.retry(NOBODY)
    with pytest.raises(JobNotFound):
        jobs.cancel(NOBODY)


def test_a_retry_finds_the_queue_full_too(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    jobs.cancel(job_id)
    jobs.create(REQUEST.model_copy(update={"priority": Priority.LOW}))
    with pytest.raises(QueueFull):
        jobs.retry(job_id, most_queued=1)
    assert jobs.get(job_id).state is State.CANCELED
    assert jobs.retry(job_id, most_queued=2).state is State.QUEUED


def test_a_webhook_is_no_part_of_the_record(jobs: JobStore) -> None:
    request = REQUEST.model_copy(update={"webhook": Webhook(url="https://a.example/?secret=1")})
    job = jobs.create(request)
    assert "secret" not in jobs.get(job.id).model_dump_json()
