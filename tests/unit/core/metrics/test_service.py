"""What the scripts count, as Prometheus reads it."""

from collections.abc import Mapping

import pytest
from prometheus_client.core import Metric
from redis import Redis

from core.heartbeats import WORKERS
from core.jobs import Attempts, JobRequest, JobStore, Priority, Timings
from core.jobs.deliveries import Deliveries, DeliveryState, Try
from core.jobs.records import Webhook
from core.jobs.scripts import key
from core.metrics.service import ServiceCollector
from core.metrics.totals import TOTALS
from core.redis_client import connect
from tests.support.exposition import read, text_of, value
from tests.support.jobs import PROBLEM, REQUEST, RESULT, SKIPPED, started, sweeper

LOW = REQUEST.model_copy(update={"priority": Priority.LOW})


def seen(redis: Redis) -> Mapping[str, Metric]:
    return read(text_of(ServiceCollector(redis)))


def test_what_is_there_now(redis: Redis, jobs: JobStore, attempts: Attempts) -> None:
    waiting = jobs.create(LOW)
    jobs.create(LOW)
    started(attempts, jobs.create(REQUEST).id)
    jobs.cancel(jobs.create(REQUEST).id)
    seconds, _ = redis.time()
    redis.zadd(key(WORKERS), {"host:1": seconds, "host:2": seconds - 60})
    redis.hset(key("job", waiting.id), "created", (seconds - 90) * 1000)
    sweeper(redis).sweep()
    now = seen(redis)
    states = {"queued": 2, "held": 0, "running": 1, "succeeded": 0, "failed": 0, "canceled": 1}
    assert {state: value(now, "tintype_jobs", state=state) for state in states} == states
    assert value(now, "tintype_queue_jobs", priority="low") == 2
    assert value(now, "tintype_queue_oldest_seconds", priority="low") == pytest.approx(90, abs=5)
    assert value(now, "tintype_queue_oldest_seconds", priority="high") == 0
    assert value(now, "tintype_worker_children") == 1
    assert value(now, "tintype_sweep_age_seconds") == pytest.approx(0, abs=5)
    assert value(now, "tintype_redis_up") == 1


def test_ends_are_counted_by_state_code_and_priority(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    attempts.succeed(started(attempts, jobs.create(LOW).id), RESULT)
    attempts.skip(started(attempts, jobs.create(REQUEST).id), SKIPPED)
    attempts.fail(started(attempts, jobs.create(REQUEST).id), PROBLEM)
    jobs.cancel(jobs.create(REQUEST).id)
    now, ended = seen(redis), "tintype_jobs_ended_total"
    assert value(now, ended, state="succeeded", code="", priority="low") == 1
    assert value(now, ended, state="succeeded", code="", priority="normal") == 1
    assert value(now, ended, state="failed", code=PROBLEM.code, priority="normal") == 1
    assert value(now, ended, state="canceled", code="", priority="normal") == 1
    assert value(now, "tintype_jobs_created_total", priority="normal") == 3
    assert value(now, "tintype_attempts_started_total") == 3


def test_stages_and_the_wait_are_counted(redis: Redis, jobs: JobStore, attempts: Attempts) -> None:
    timings = Timings(fetch_ms=3.0, infer_ms=1700.0)
    result = RESULT.model_copy(update={"timings": timings})
    attempt = started(attempts, jobs.create(REQUEST).id)
    assert attempts.succeed(attempt, result)
    assert not attempts.succeed(attempt, result)
    now, stages = seen(redis), "tintype_job_stage_seconds"
    assert value(now, f"{stages}_count", stage="infer") == 1
    assert value(now, f"{stages}_bucket", stage="infer", le="1.0") == 0
    assert value(now, f"{stages}_bucket", stage="infer", le="2.5") == 1
    assert value(now, f"{stages}_sum", stage="infer") == pytest.approx(1.7)
    assert value(now, f"{stages}_count", stage="decode") is None
    assert value(now, "tintype_job_wait_seconds_count") == 1


def test_retries_are_counted_by_their_reason(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    attempts.give_back(started(attempts, jobs.create(REQUEST).id), 0, PROBLEM, counts=True)
    attempts.give_back(started(attempts, jobs.create(REQUEST).id))
    lost = started(attempts, jobs.create(REQUEST).id)
    redis.zadd(key("jobs", "leases"), {lost.job.id: 1})
    sweeper(redis).sweep()
    now = seen(redis)
    for reason in (PROBLEM.code, "worker_stopped", "lease_expired"):
        assert value(now, "tintype_jobs_retried_total", reason=reason) == 1, reason
    assert value(now, "tintype_leases_expired_total") == 1


def test_tries_of_webhooks_are_counted(redis: Redis, jobs: JobStore, attempts: Attempts) -> None:
    order = JobRequest(source=REQUEST.source, webhook=Webhook(url="https://example.org/"))
    attempts.fail(started(attempts, jobs.create(order).id), PROBLEM)
    assert value(seen(redis), "tintype_webhook_pending") == 1
    deliveries = Deliveries(redis)
    for state in (DeliveryState.PENDING, DeliveryState.DELIVERED):
        (claimed,) = deliveries.claim(10, 60)
        deliveries.settle(claimed, Try(at=claimed.created, status=200, ms=1.0), state)
    now = seen(redis)
    assert value(now, "tintype_webhook_tries_total", outcome="pending") == 1
    assert value(now, "tintype_webhook_tries_total", outcome="delivered") == 1
    assert value(now, "tintype_webhook_pending") == 0


def test_nothing_grows_with_jobs(redis: Redis, jobs: JobStore, attempts: Attempts) -> None:
    def fields_after_more_jobs() -> set[str]:
        for _ in range(20):
            attempts.succeed(started(attempts, jobs.create(REQUEST).id), RESULT)
        # Waits differ by chance, and an API of another test may still count its requests.
        names = map(str, redis.hkeys(key(TOTALS)))
        return {name for name in names if not name.startswith(("wait", "http"))}

    before = fields_after_more_jobs()
    assert 0 < len(before) < 20
    assert fields_after_more_jobs() == before


def test_without_redis_it_says_so(closed_port: int) -> None:
    with connect(f"redis://127.0.0.1:{closed_port}/0", patience=0.1) as away:
        now = seen(away)
    assert value(now, "tintype_redis_up") == 0
    assert now.keys() == {"tintype_redis_up", "tintype_build_info"}
