import pytest
from redis import Redis

from core.jobs import Attempts, JobRequest, JobStore, State, searching
from core.jobs.searching import search
from core.objects import ObjectRef
from tests.support.jobs import PROBLEM, started


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "AT_ONCE", 5)
    monkeypatch.setattr(searching, "MOST_LOOKED_AT", 10)


def make(jobs: JobStore, *keys: str) -> list[str]:
    return [jobs.create(JobRequest(source=ObjectRef(bucket="tintype", key=key))).id for key in keys]


def test_jobs_are_found_by_a_part_of_their_key_in_any_case(jobs: JobStore) -> None:
    harbour, _, again = make(jobs, "scans/Harbour.tif", "scans/market.tif", "HARBOUR/a.jpg")
    found, cursor = search(jobs, "harbour")
    assert [job.id for job in found] == [again, harbour]
    assert cursor is None


def test_a_page_ends_with_what_was_asked_for_and_goes_on(jobs: JobStore) -> None:
    ids = make(jobs, *(f"a{n}.jpg" for n in range(7)))
    seen, cursor = [], None
    for _ in range(4):
        found, cursor = search(jobs, "a", limit=2, cursor=cursor)
        seen += [job.id for job in found]
    assert seen == ids[::-1]
    assert cursor is None


@pytest.mark.usefixtures("few_at_once")
def test_a_bounded_number_of_jobs_is_looked_at(jobs: JobStore) -> None:
    [wanted] = make(jobs, "needle.jpg")
    make(jobs, *(f"{n}.jpg" for n in range(25)))
    pages, cursor = [], None
    for _ in range(3):
        found, cursor = search(jobs, "needle", cursor=cursor)
        pages.append([job.id for job in found])
    assert pages == [[], [], [wanted]]
    assert cursor is None


def test_states_and_codes_go_with_it(jobs: JobStore, attempts: Attempts, redis: Redis) -> None:
    assert redis.ping()
    failed, _ = make(jobs, "one.jpg", "one-more.jpg")
    attempts.fail(started(attempts, failed), PROBLEM)
    assert [job.id for job in search(jobs, "one", State.FAILED)[0]] == [failed]
    assert [job.id for job in search(jobs, "one", None, code=PROBLEM.code)[0]] == [failed]
    assert search(jobs, "one", None, code="timeout") == ([], None)
