"""What Celery's settings promise: nothing is lost with a worker, and nothing is hoarded."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from cli.stack import Stack, StackOptions
from core.broker import AGAIN, QUEUES, celery_settings
from core.jobs import Job, Priority, State
from core.jobs.attempts import LEASE_SECONDS, RENEW_SECONDS
from core.objects import ObjectRef
from core.redis_client import connect
from core.settings import Settings
from tests.integration.conftest import Service, child, frozen, running
from tests.support.images import encoded, gradient
from tests.support.waiting import eventually

PHOTO = encoded(gradient())


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(StackOptions(tmp_path / "stack"), Settings.load())


def _is_running(own: Service, job: Job) -> bool:
    return own.look(job).state is State.RUNNING


def _started(own: Service, source: ObjectRef) -> Job:
    """Submit a job and wait until a worker has it."""
    job = own.submit({"source": source.model_dump()})
    eventually(lambda: _is_running(own, job), what="the start of the job")
    return job


def test_a_job_whose_process_is_killed_runs_again(stack: Stack) -> None:
    with running(stack) as own:
        source = own.put("a.jpg", PHOTO)
        with frozen(child(stack, "s3")):
            job = _started(own, source)
            worker = child(stack, "worker-1")
            assert worker.pid is not None
            for process in psutil.Process(worker.pid).children():
                os.kill(process.pid, signal.SIGKILL)
        ended = own.ended(job)
        assert ended.state is State.SUCCEEDED, ended.error
        assert ended.attempt == 2


def test_a_busy_worker_leaves_the_rest_in_the_queue(tmp_path: Path) -> None:
    stack = Stack(StackOptions(tmp_path / "stack"), Settings(concurrency=1))
    with running(stack) as own, connect(own.settings.redis_url) as redis:
        source = own.put("a.jpg", PHOTO)
        with frozen(child(stack, "s3")):
            jobs = [own.submit({"source": source.model_dump()}) for _ in range(4)]
            eventually(lambda: _is_running(own, jobs[0]), what="the start of the first job")
            queue = QUEUES[Priority.NORMAL]
            eventually(lambda: redis.llen(queue) <= 3, what="the taking of the first message")
            assert redis.llen(queue) == 3
        assert all(own.ended(job).state is State.SUCCEEDED for job in jobs)


def test_a_job_over_its_time_limit_fails_once_and_the_worker_goes_on(tmp_path: Path) -> None:
    stack = Stack(StackOptions(tmp_path / "stack"), Settings(job_timeout=2, max_attempts=1))
    with running(stack) as own:
        source = own.put("a.jpg", PHOTO)
        with frozen(child(stack, "s3")):
            job = own.run(source)
        assert job.error is not None
        assert (job.state, job.error.code, job.attempt) == (State.FAILED, "timeout", 1)
        assert own.run(source).state is State.SUCCEEDED


def test_a_message_comes_again_after_its_jobs_lease_has_run_out() -> None:
    settings = celery_settings(Settings(job_timeout=50))
    assert 50 == settings["task_soft_time_limit"] < settings["task_time_limit"]
    visible = settings["broker_transport_options"]["visibility_timeout"]
    assert visible > LEASE_SECONDS + RENEW_SECONDS


def test_a_stopped_worker_gives_back_what_it_cannot_finish(tmp_path: Path) -> None:
    stack = Stack(StackOptions(tmp_path / "stack"), Settings(drain_seconds=1, concurrency=1))
    with running(stack) as own:
        source = own.put("a.jpg", PHOTO)
        worker = child(stack, "worker-1")
        with frozen(child(stack, "s3")):
            job = _started(own, source)
            worker.terminate()
            assert worker.process is not None
            assert worker.process.wait(30) == 0
        given_back = own.look(job)
        assert (given_back.state, given_back.attempt) == (State.QUEUED, 1)
        worker.start()
        ended = own.ended(job)
        assert (ended.state, ended.attempt) == (State.SUCCEEDED, 2)


def test_a_stopped_worker_finishes_what_it_can(stack: Stack) -> None:
    with running(stack) as own:
        source = own.put("a.jpg", PHOTO)
        worker = child(stack, "worker-1")
        with frozen(child(stack, "s3")):
            job = _started(own, source)
            worker.terminate()
        assert worker.process is not None
        assert worker.process.wait(30) == 0
        ended = own.look(job)
        assert (ended.state, ended.attempt) == (State.SUCCEEDED, 1)


def test_a_job_canceled_while_it_runs_leaves_no_result(stack: Stack) -> None:
    with running(stack) as own:
        place = ObjectRef(bucket=own.settings.bucket, key="colour/a.jpg")
        order = {"source": own.put("a.jpg", PHOTO).model_dump(), "destination": place.model_dump()}
        with frozen(child(stack, "s3")):
            job = own.submit(order)
            eventually(lambda: _is_running(own, job), what="the start of the job")
            answer = own.request("POST", f"/v1/jobs/{job.id}/cancel")
            assert (answer.status, answer.json()["state"]) == (200, "canceled")
        after = own.run(own.put("b.jpg", PHOTO))
        assert after.state is State.SUCCEEDED
        assert own.look(job).state is State.CANCELED
        assert own.storage.head(place) is None


def test_an_urgent_job_overtakes_a_batch(tmp_path: Path) -> None:
    stack = Stack(StackOptions(tmp_path / "stack"), Settings(concurrency=1))
    with running(stack) as own:
        source = own.put("a.jpg", PHOTO).model_dump()
        with frozen(child(stack, "s3")):
            batch = [own.submit({"source": source, "priority": "low"}) for _ in range(20)]
            urgent = own.submit({"source": source, "priority": "high"})
        began = own.ended(urgent).started
        assert began
        before = [job for job in map(own.ended, batch) if job.started and job.started < began]
        # One that runs, one that its worker has taken already, and one take of ten.
        assert len(before) <= 3


def test_a_worker_takes_its_priorities_and_jobs_of_all_that_waited_already(tmp_path: Path) -> None:
    stack = Stack(StackOptions(tmp_path / "stack"), Settings(queues="low", concurrency=1))
    with running(stack) as own, connect(own.settings.redis_url) as redis:
        source = own.put("a.jpg", PHOTO)
        urgent = own.submit({"source": source.model_dump(), "priority": "high"})
        assert own.run(source, priority="low").state is State.SUCCEEDED
        assert own.look(urgent).state is State.QUEUED
        assert redis.llen(QUEUES[Priority.HIGH]) == 1
        # As a sweep queues it again: whoever comes first takes it.
        assert redis.rename(QUEUES[Priority.HIGH], AGAIN)
        assert own.ended(urgent).state is State.SUCCEEDED
