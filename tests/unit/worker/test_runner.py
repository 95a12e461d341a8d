import logging
from unittest.mock import Mock

import pytest
from redis import Redis

from core.buckets import Access
from core.jobs import Attempt, Attempts, JobStore, Stage, State
from core.jobs.traces import Traces
from core.settings import Settings
from tests.support.jobs import REQUEST
from worker.draining import Stopping
from worker.leases import LeaseKeeper
from worker.observing import Observed
from worker.runner import Runner


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
    runner = Runner(
        settings=Settings(),
        access=Access.parse(""),
        attempts=attempts,
        storage=Mock(),
        known=Mock(),
        engines=Mock(),
        leases=LeaseKeeper(attempts, 60),
        stopping=Stopping(),
        worker="host:1",
        traces=Traces(redis),
        hand_over=Mock(),
    )
    job_id = jobs.create(REQUEST).id
    runner.run(job_id)
    assert jobs.get(job_id).state is State.CANCELED
    states = [vars(each)["state"] for each in caplog.records if each.message == "job ended"]
    assert states == ["canceled"]
