import threading

import pytest
from redis import Redis

from core.errors import InvalidCursor, JobNotFound, QueueUnavailable, TintypeError
from core.jobs import Job, JobRequest, JobResult, JobStore, Options, Problem, State, Timings
from core.jobs.records import ModelRef
from core.jobs.store import WORKER_LOST
from core.objects import ObjectRef
from core.redis_client import connect

REQUEST = JobRequest(
    source=ObjectRef(bucket="photos", key="a.jpg"), options=Options(temperature=0.5)
)
RESULT = JobResult(
    destination=ObjectRef(bucket="photos", key="b.jpg"),
    model=ModelRef(name="m", digest="d"),
    width=10,
    height=20,
    content_type="image/jpeg",
    bytes=30,
    timings=Timings(infer_ms=1.5),
)
PROBLEM = Problem(code="broken_image", detail="cut short")


def test_a_new_job_is_queued_with_what_was_asked(jobs: JobStore) -> None:
    job = jobs.create(REQUEST)
    assert job == jobs.get(job.id)
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert (job.source, job.options, job.destination) == (REQUEST.source, REQUEST.options, None)
    assert (job.started, job.finished, job.error) == (None, None, None)
    assert jobs.count(State.QUEUED) == 1


def test_a_job_goes_from_queued_to_succeeded(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    token = jobs.start(job_id, 3)
    running = jobs.get(job_id)
    assert token == running.attempt == 1
    assert running.state is State.RUNNING
    assert running.timings.queued_ms is not None
    assert jobs.succeed(job_id, token, RESULT)
    job = jobs.get(job_id)
    assert job.state is State.SUCCEEDED
    assert (job.destination, job.width, job.height) == (RESULT.destination, 10, 20)
    assert job.timings.infer_ms == 1.5
    assert job.started is not None
    assert job.finished is not None
    assert job.created <= job.started <= job.finished
    assert [jobs.count(state) for state in State] == [0, 0, 1, 0, 0]


def test_a_failed_job_says_why(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    token = jobs.start(job_id, 3)
    assert token
    assert jobs.fail(job_id, token, PROBLEM)
    assert jobs.get(job_id).error == PROBLEM
    assert jobs.get(job_id).state is State.FAILED


def test_an_ended_job_never_starts_or_ends_again(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    token = jobs.start(job_id, 3)
    assert token
    assert jobs.succeed(job_id, token, RESULT)
    ended = jobs.get(job_id)
    assert jobs.start(job_id, 3) is None
    assert not jobs.fail(job_id, token, PROBLEM)
    assert not jobs.succeed(job_id, token, RESULT)
    assert jobs.get(job_id) == ended


def test_an_old_token_is_refused_after_a_second_start(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    first, second = jobs.start(job_id, 3), jobs.start(job_id, 3)
    assert (first, second) == (1, 2)
    assert not jobs.succeed(job_id, 1, RESULT)
    assert jobs.get(job_id).state is State.RUNNING
    assert jobs.succeed(job_id, 2, RESULT)


def test_a_job_that_used_up_its_attempts_is_failed(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    assert [jobs.start(job_id, 2) for _ in range(3)] == [1, 2, None]
    job = jobs.get(job_id)
    assert (job.state, job.error) == (State.FAILED, WORKER_LOST)
    assert jobs.count(State.RUNNING) == 0


def test_an_unknown_job_is_not_started(jobs: JobStore) -> None:
    assert jobs.start("0198c0de-0000-7000-8000-000000000000", 3) is None
    with pytest.raises(JobNotFound):
        jobs.get("0198c0de-0000-7000-8000-000000000000")


def test_only_one_of_many_that_end_a_job_at_once_wins(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    token = jobs.start(job_id, 3)
    assert token
    wins: list[bool] = []
    barrier = threading.Barrier(8)

    def end() -> None:
        barrier.wait()
        wins.append(jobs.succeed(job_id, token, RESULT))

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wins.count(True) == 1


def test_a_job_that_could_not_be_published_can_be_discarded(jobs: JobStore, redis: Redis) -> None:
    job_id = jobs.create(REQUEST).id
    jobs.discard(job_id)
    with pytest.raises(JobNotFound):
        jobs.get(job_id)
    assert redis.keys("tintype:*") == []


def test_a_started_job_is_never_discarded(jobs: JobStore) -> None:
    job_id = jobs.create(REQUEST).id
    jobs.start(job_id, 3)
    jobs.discard(job_id)
    assert jobs.get(job_id).state is State.RUNNING


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


def test_a_listing_of_one_state_has_only_that(jobs: JobStore) -> None:
    ids = [jobs.create(REQUEST).id for _ in range(4)]
    for job_id in ids[:2]:
        jobs.start(job_id, 3)
    assert [job.id for job in jobs.list(State.RUNNING)[0]] == [ids[1], ids[0]]
    assert [job.id for job in jobs.list(State.QUEUED)[0]] == [ids[3], ids[2]]
    assert jobs.list(State.FAILED) == ([], None)


@pytest.mark.parametrize("cursor", ["", "x", "+", "(", "0198c0de"])
def test_a_cursor_that_no_listing_gave_is_refused(jobs: JobStore, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        jobs.list(cursor=cursor)


def test_a_damaged_record_is_no_fault_of_the_clients(jobs: JobStore, redis: Redis) -> None:
    job_id = jobs.create(REQUEST).id
    redis.hset(f"tintype:job:{job_id}", "spec", "{}")
    with pytest.raises(TintypeError, match="is damaged") as caught:
        jobs.get(job_id)
    assert caught.value.code == "internal_error"


def test_without_redis_every_method_says_so(closed_port: int) -> None:
    jobs = JobStore(connect(f"redis://127.0.0.1:{closed_port}/0", patience=0.1))
    calls = (
        lambda: jobs.create(REQUEST),
        lambda: jobs.get("x"),
        lambda: jobs.start("x", 1),
        jobs.list,
        lambda: jobs.count(State.QUEUED),
        jobs.ping,
    )
    for call in calls:
        with pytest.raises(QueueUnavailable, match="TINTYPE_REDIS_URL"):
            call()
