"""What Celery's settings promise: nothing is lost with a worker, and nothing is hoarded."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from cli.stack import Stack, StackOptions
from core.broker import QUEUES, celery_settings
from core.jobs import Job, Priority, State
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


def test_a_job_whose_process_is_killed_runs_again(stack: Stack) -> None:
    with running(stack) as own:
        source = own.put("a.jpg", PHOTO)
        with frozen(child(stack, "s3")):
            job = own.submit({"source": source.model_dump()})
            eventually(lambda: _is_running(own, job), what="the start of the job")
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


def test_a_message_comes_again_only_after_the_longest_job_was_killed() -> None:
    settings = celery_settings(Settings(job_timeout=50))
    soft, hard = settings["task_soft_time_limit"], settings["task_time_limit"]
    assert 50 == soft < hard < settings["broker_transport_options"]["visibility_timeout"]
