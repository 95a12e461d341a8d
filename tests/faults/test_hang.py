"""A decoder that never returns: no signal reaches it, so its process is killed, and that counts."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.broker import HARD_LIMIT_MARGIN
from core.jobs import State
from core.jobs.attempts import LEASE_SECONDS
from tests.faults.fleet import Fleet
from tests.faults.load import Load, check

TIMEOUT = 2.0


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Fleet]:
    fleet = Fleet(tmp_path, job_timeout=TIMEOUT, max_attempts=1)
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.stop()


def test_a_decode_that_hangs_is_killed_and_counted(strict: Fleet) -> None:
    load = Load(strict, 20, poison=[b"HANG"])
    load.prepare()
    with (
        strict.changed("worker-1", FAULTS="poison=1"),
        strict.changed("worker-2", FAULTS="poison=1"),
    ):
        began = time.monotonic()
        load.start()
        jobs = load.ended()
        took = time.monotonic() - began
    [hung] = [job for job in jobs if job.state is State.FAILED]
    assert hung.error
    assert hung.error.code == "timeout"
    assert took < TIMEOUT + HARD_LIMIT_MARGIN + LEASE_SECONDS + 20
    assert sum(job.state is State.SUCCEEDED for job in check(load)) == 20
