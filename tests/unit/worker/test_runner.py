import logging
from concurrent.futures import Future
from unittest.mock import Mock

import pytest
from redis import Redis

from core.buckets import Access
from core.errors import DestinationIsPrefix, StorageUnavailable
from core.jobs import Attempt, Attempts, Job, JobStore, Stage, State
from core.jobs.traces import Traces
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.jobs import REQUEST
from worker.draining import Stopping
from worker.leases import LeaseKeeper
from worker.observing import Observed
from worker.runner import Runner


def made(redis: Redis, attempts: Attempts, storage: Storage) -> Runner:
    return Runner(
        settings=Settings(),
        access=Access.parse(""),
        attempts=attempts,
        storage=storage,
        known=Mock(),
        engines=Mock(),
        leases=LeaseKeeper(attempts, 60),
        stopping=Stopping(),
        worker="host:1",
        traces=Traces(redis),
        hand_over=Mock(),
    )


def test_a_job_that_ends_as_canceled_at_a_stage_has_its_line(
    redis: Redis,
    jobs: JobStore,
    attempts: Attempts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    def work(_self: Runner, attempt: Attempt, _seen: Observed) -> None:
        # A known result could not be copied, so the job has to compute after all.
        attempts.enter(attempt, Stage.STORE)
        jobs.cancel(attempt.job.id)
        attempts.enter(attempt, Stage.INFER)

    monkeypatch.setattr(Runner, "_work", work)
    runner = made(redis, attempts, Mock())
    job_id = jobs.create(REQUEST).id
    runner.run(job_id)
    assert jobs.get(job_id).state is State.CANCELED
    states = [vars(each)["state"] for each in caplog.records if each.message == "job ended"]
    assert states == ["canceled"]


WANTED = ObjectRef(bucket="photos", key="b.jpg")
UNAVAILABLE = StorageUnavailable("it restarts")


@pytest.fixture
def job(jobs: JobStore) -> Job:
    return jobs.create(REQUEST.model_copy(update={"destination": WANTED}))


@pytest.mark.parametrize("ahead", [True, False])
def test_a_destination_that_is_a_folder_is_refused(
    redis: Redis, attempts: Attempts, job: Job, ahead: bool
) -> None:
    storage = Mock()
    storage.is_prefix.return_value = True
    runner = made(redis, attempts, storage)
    asked = runner.ahead.submit(runner._is_folder, WANTED) if ahead else None
    with pytest.raises(DestinationIsPrefix, match="is a folder"):
        runner._destination(job, "print", "jpg", asked)
    storage.is_prefix.assert_called_once_with(WANTED)


def test_storage_that_could_not_say_at_the_start_is_asked_again(
    redis: Redis, attempts: Attempts, job: Job
) -> None:
    storage = Mock()
    storage.is_prefix.return_value = False
    too_early: Future[bool] = Future()
    too_early.set_exception(UNAVAILABLE)
    runner = made(redis, attempts, storage)
    assert runner._destination(job, "print", "jpg", too_early) == WANTED
    storage.is_prefix.assert_called_once_with(WANTED)
