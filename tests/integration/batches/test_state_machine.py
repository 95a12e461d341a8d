"""Batches with workers that die anywhere, and clients that pause, cancel and retry at any moment.

Scripts are atomic, so a worker that dies does so before or after one of them. In the end every key
has to be in the report once, whatever happened on the way.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.batches import Batch, BatchState
from core.errors import WrongState
from core.jobs import Attempt, Skipped, State
from core.jobs.scripts import Scripts
from tests.integration.batches.conftest import WINDOW, World
from tests.support.jobs import PROBLEM, RESULT, sweeper
from tests.support.redis import LEASES

SCANS = sorted([*(f"scans/{number:02}.jpg" for number in range(24)), "scans/" + "x" * 240 + ".jpg"])
"""The last key is too long for its result."""
FOLDER = "/".join(["colour of all the photographs that there are in the world"] * 14) + "/"


NUMBERS = count()


class Died(BaseException):
    """A worker's death."""


class Machine(RuleBasedStateMachine):
    """``world`` is set before the machine runs."""

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world.redis.flushall()
        self.world.published.clear()
        self.store = self.world.store
        # Each example has a destination of its own: no result is there.
        self.number = next(NUMBERS)
        place = {"prefix": f"{self.number:04}/{FOLDER}"}
        self.batch = self.world.create(destination=place, on_existing="overwrite")
        self.attempts: list[Attempt] = []
        self.canceled = False

    @property
    def now(self) -> Batch:
        return self.store.get(self.batch.id)

    @rule()
    def step(self) -> None:
        self.world.step(self.batch)

    @rule(scripts=st.integers(0, 8), after=st.booleans())
    def step_and_die(self, scripts: int, after: bool) -> None:
        left = scripts
        real: Callable[..., Any] = Scripts.run

        def run(self: Scripts, *arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0 and not after:
                raise Died
            answer = real(self, *arguments)
            if left < 0:
                raise Died
            return answer

        stepper = self.world.stepper()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Scripts, "run", run)
            with suppress(Died):
                stepper.run(self.batch.id)
        self.world.redis.hset(f"tintype:batch:{self.batch.id}", "lease", 1)

    @precondition(lambda self: self.world.published)
    @rule()
    def start(self) -> None:
        attempt = self.world.attempts.start(self.world.published.pop(0), f"host:{self.number}")
        if attempt:
            assert self.now.state is not BatchState.PAUSED
            self.attempts.append(attempt)

    @precondition(lambda self: self.attempts)
    @rule(how=st.sampled_from(["succeed", "fail", "skip", "give back"]))
    def end(self, how: str) -> None:
        attempt, worker = self.attempts.pop(0), self.world.attempts
        match how:
            case "succeed":
                worker.succeed(attempt, RESULT, attempt.job.id.replace("-", ""))
            case "fail":
                worker.fail(attempt, PROBLEM)
            case "skip":
                skipped = Skipped(skipped="already_color", chroma=9, width=1, height=1)
                worker.skip(attempt, skipped)
            case _:
                if worker.give_back(attempt) is State.QUEUED:
                    self.world.published.append(attempt.job.id)

    @precondition(lambda self: self.attempts)
    @rule()
    def worker_lost(self) -> None:
        """A lease runs out; the old worker may still come back."""
        job_id = self.attempts[0].job.id
        if self.world.redis.zscore(LEASES, job_id):
            self.world.redis.zadd(LEASES, {job_id: 1})
            self.world.published += sweeper(self.world.redis).sweep() or {}

    @rule()
    def pause(self) -> None:
        self.change(self.store.pause)

    @rule()
    def resume(self) -> None:
        self.change(self.store.resume)

    @precondition(lambda self: self.now.counts.total > 20)
    @rule()
    def cancel(self) -> None:
        self.canceled |= self.change(self.store.cancel)

    @rule()
    def retry(self) -> None:
        self.change(self.store.retry)

    @rule(data=st.data())
    def cancel_one_job(self, data: st.DataObject) -> None:
        active = self.active()
        if active:
            self.world.jobs.cancel(data.draw(st.sampled_from(active)))

    def change(self, call: Callable[[str], Batch]) -> bool:
        try:
            call(self.batch.id)
        except WrongState:
            return False
        return True

    def active(self) -> list[str]:
        found = self.world.redis.zrange(f"tintype:batch:{self.batch.id}:active", 0, -1)
        return sorted(map(str, found))

    @invariant()
    def counts_add_up(self) -> None:
        batch, counts = self.now, self.now.counts
        ended = counts.succeeded + counts.failed + counts.canceled + counts.skipped
        assert counts.queued + counts.running + ended == counts.total <= len(SCANS)
        assert sum(batch.codes.values()) == counts.failed
        assert len(self.active()) == counts.queued + counts.running <= WINDOW
        assert all(count >= 0 for count in counts.model_dump().values())
        if batch.finished:
            assert not self.active()

    @invariant()
    def active_jobs_are_those_that_have_not_ended(self) -> None:
        states = [self.world.jobs.get(job_id).state for job_id in self.active()]
        assert not any(state.final for state in states)

    def teardown(self) -> None:
        self.change(self.store.resume)
        for _ in range(100):
            self.world.redis.hset(f"tintype:batch:{self.batch.id}", "lease", 1)
            batch = self.world.step(self.batch)
            if batch.finished:
                break
            for attempt in self.attempts:
                self.world.attempts.fail(attempt, PROBLEM)
            self.attempts.clear()
            # What was recorded and not published comes due sooner or later.
            self.world.published[:] = self.active()
            while self.world.published:
                self.start()
        assert batch.finished
        if batch.report is None:
            assert batch.error
            assert batch.error.code == "worker_lost"
            return
        keys = Counter(row["key"] for row in self.world.report(batch)["jobs"])
        assert keys == Counter(entry.key for entry in self.world.all(batch))
        assert set(keys.values()) <= {1}
        complete = batch.expanded and not self.canceled
        assert not complete or sorted(keys) == SCANS
        assert keys.total() == batch.counts.total


def test_every_key_comes_out_once_whatever_happens(world: World) -> None:
    world.put(*SCANS)
    Machine.world = world
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
