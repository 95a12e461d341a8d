import pytest
from flask.testing import FlaskClient
from redis import Redis

from core.heartbeats import WORKERS
from core.jobs import Attempts, JobRequest, JobStore, Priority, Problem
from core.namespace import key
from core.objects import ObjectRef
from tests.support.jobs import PROBLEM, RESULT, started
from tests.unit.api.conftest import Finish

SOURCE = ObjectRef(bucket="tintype", key="photos/a.jpg")


def order(priority: Priority = Priority.NORMAL) -> JobRequest:
    return JobRequest(source=SOURCE, priority=priority)


def test_a_service_without_work_has_zeros(client: FlaskClient) -> None:
    stats = client.get("/v1/stats").json
    assert stats is not None
    assert stats["queued"] == stats["load"] == {"high": 0, "normal": 0, "low": 0}
    assert (stats["held"], stats["running"], stats["workers"], stats["rate"]) == (0, 0, 0, 0)
    assert (stats["job_ms"], stats["errors"]) == (None, {})
    assert len(stats["minutes"]) == 60
    assert {minute["succeeded"] for minute in stats["minutes"]} == {0}
    starts = [minute["start"] for minute in stats["minutes"]]
    assert starts == sorted(set(starts))


def test_what_waits_runs_and_has_ended_is_counted(
    client: FlaskClient, jobs: JobStore, attempts: Attempts, redis: Redis
) -> None:
    for priority in (Priority.HIGH, Priority.LOW, Priority.LOW):
        jobs.create(order(priority))
    started(attempts, jobs.create(order()).id)
    attempts.succeed(started(attempts, jobs.create(order()).id), RESULT)
    for code in ("broken_image", "broken_image", "timeout"):
        problem = Problem(code=code, detail="")
        attempts.fail(started(attempts, jobs.create(order()).id), problem)
    jobs.cancel(jobs.create(order()).id)
    redis.zadd(key(WORKERS), {"host:1": redis.time()[0]})
    stats = client.get("/v1/stats").json
    assert stats is not None
    assert stats["queued"] == {"high": 1, "normal": 0, "low": 2}
    assert stats["load"] == {"high": 1, "normal": 1, "low": 2}
    assert (stats["running"], stats["workers"]) == (1, 1)
    assert stats["job_ms"] is not None
    assert list(stats["errors"].items()) == [("broken_image", 2), ("timeout", 1)]
    ended = {
        name: sum(minute[name] for minute in stats["minutes"])
        for name in stats["minutes"][0]
        if name != "start"
    }
    assert ended == {"succeeded": 1, "failed": 3, "canceled": 1}


def test_what_runs_is_load_of_its_priority(
    client: FlaskClient, jobs: JobStore, attempts: Attempts
) -> None:
    for priority in (Priority.HIGH, Priority.LOW, Priority.LOW):
        started(attempts, jobs.create(order(priority)).id)
    jobs.create(order(Priority.LOW))
    stats = client.get("/v1/stats").json
    assert stats is not None
    assert stats["queued"] == {"high": 0, "normal": 0, "low": 1}
    assert stats["load"] == {"high": 1, "normal": 0, "low": 3}


def test_counters_do_not_grow_with_jobs_and_go_by_themselves(
    client: FlaskClient, jobs: JobStore, attempts: Attempts, redis: Redis
) -> None:
    for _ in range(20):
        attempts.fail(started(attempts, jobs.create(order()).id), PROBLEM)
    minutes = redis.keys("{tintype}:minute:*")
    assert 1 <= len(minutes) <= 2
    for minute in minutes:
        assert set(redis.hkeys(minute)) == {"failed", f"code:{PROBLEM.code}"}
        assert 3_600_000 < redis.pttl(minute) <= 7_200_000
    assert client.get("/v1/stats").status_code == 200


def test_a_place_in_the_queue_counts_those_of_the_same_and_of_higher_priorities(
    client: FlaskClient, jobs: JobStore, finish: Finish
) -> None:
    low, high = jobs.create(order(Priority.LOW)), jobs.create(order(Priority.HIGH))
    first, second = jobs.create(order()), jobs.create(order())
    ended = jobs.create(order())
    finish(ended.id, b"colour")
    ids = [low.id, high.id, first.id, second.id, ended.id]
    answer = client.get("/v1/queue?" + "&".join(f"id={each}" for each in ids))
    assert answer.json == {"ahead": {low.id: 3, high.id: 0, first.id: 1, second.id: 2}}


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("id=none", 400), ("id=%2B", 400), ("&".join(["id=a"] * 101), 422)],
)
def test_places_of_no_job_and_of_too_many_are_refused(
    client: FlaskClient, query: str, status: int
) -> None:
    assert client.get(f"/v1/queue?{query}").status_code == status
