"""A batch with clients, workers and sweepers that act in any order, and steps cut off anywhere.

Scripts are atomic, so whatever happens at the same time is some sequence of scripts. So between any
two of a step's own, its worker may die or freeze while others act.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from core.batches import Batch, BatchState
from core.errors import StorageDenied, StorageUnavailable, WrongState
from core.jobs import Attempt, Job, Priority, State
from core.jobs.sweeping import Sweeping
from core.queues import Queues
from tests.conftest import LIMITS, TTL
from tests.integration.batches.conftest import World
from tests.support.jobs import PROBLEM, RESULT, SKIPPED
from tests.support.redis import DUE, LEASES

SCANS = [f"scans/{number}.jpg" for number in range(9)]
WINDOW, FEW = 3, 2
QUEUES = ["again", *Priority]
BATCHES_DUE = "{tintype}:batches:due"
FAULTS = {"denied": StorageDenied("no"), "away": StorageUnavailable("away")}
MEANWHILE = ["pause", "resume", "cancel", "cut_off_cancel", "retry", "cancel_one", "die", "step"]
READERS = ("worker.batches.expansion.read_listing", "worker.batches.report.write_lines")


class Died(BaseException):
    """A worker's process has ended."""


class Machine(RuleBasedStateMachine):
    """``world`` and ``patch`` are set before the machine runs."""

    world: World
    patch: pytest.MonkeyPatch

    def __init__(self) -> None:
        super().__init__()
        self.world.redis.flushall()
        self.world.published.clear()
        # Nothing counts as lost: there are messages enough.
        self.world.redis.lpush(QUEUES[-1], *range(500))
        queues = Queues(self.world.redis, QUEUES, "taken")
        self.sweeping = Sweeping(self.world.redis, LIMITS, TTL, "sweeper", queues)
        # What exists makes no difference here, and is not asked for.
        self.id = self.world.create(on_existing="overwrite").id
        self.running: list[Attempt] = []
        self.made: dict[str, str] = {}
        self.succeeded: Counter[str] = Counter()
        self.retries = 0

    @property
    def batch(self) -> Batch:
        return self.world.store.get(self.id)

    @property
    def active(self) -> list[str]:
        return self.members(f"{{tintype}}:batch:{self.id}:active")

    def members(self, name: str) -> list[str]:
        return cast(list[str], self.world.redis.zrange(name, 0, -1))

    # Clients.

    @rule(what=st.sampled_from(["pause", "resume", "cancel", "retry"]))
    def client(self, what: str) -> None:
        before = self.batch
        failing = before.state is BatchState.FAILED and before.finished is None
        may = {
            "pause": before.state in ("expanding", "running", "paused"),
            "resume": before.state in ("expanding", "running", "paused"),
            "cancel": failing or before.state in ("expanding", "running", "paused", "canceled"),
            "retry": before.state is BatchState.FAILED and before.finished is not None,
        }[what]
        if may:
            getattr(self.world.store, what)(self.id)
            self.retries += what == "retry"
        else:
            with pytest.raises(WrongState):
                getattr(self.world.store, what)(self.id)

    @rule(which=st.integers(0, WINDOW - 1))
    def cancel_one(self, which: int = 0) -> None:
        for job in self.active[which : which + 1]:
            self.world.jobs.cancel(job)

    # Workers with a step.

    @rule(
        at=st.integers(0, 12),
        meanwhile=st.lists(st.sampled_from(MEANWHILE), max_size=3),
        after=st.booleans(),
        fault=st.sampled_from([None, None, None, *FAULTS]),
        where=st.sampled_from(READERS),
    )
    def step(
        self, at: int, meanwhile: list[str], after: bool, fault: str | None, where: str
    ) -> None:
        def interlude() -> None:
            for each in meanwhile:
                self.meanwhile(each)

        with self.patch.context() as patch, suppress(Died):
            if fault:
                patch.setattr(where, _raises(FAULTS[fault]))
            self.one_step(at, after, interlude)

    def one_step(self, at: int, after: bool, interlude: Callable[[], None]) -> None:
        self.lease_runs_out()
        stepper = self.world.stepper()
        scripts = stepper._steps._scripts
        run, calls = scripts.run, 0

        def cut(name: str, *arguments: str | int) -> Any:
            nonlocal calls
            calls += 1
            mine = calls == at + 1
            if mine and not after:
                interlude()
            answer = run(name, *arguments)
            if mine and after:
                interlude()
            return answer

        scripts.run = cut  # type: ignore[method-assign]
        stepper.run(self.id)

    def meanwhile(self, what: str) -> None:
        match what:
            case "die":
                raise Died
            case "step":
                self.one_step(-1, False, lambda: None)
            case "cut_off_cancel":
                self.world.store._scripts.run("cancel", self.id)
            case "cancel_one":
                self.cancel_one()
            case _:
                self.client(what)

    def lease_runs_out(self) -> None:
        record = f"{{tintype}}:batch:{self.id}"
        if self.world.redis.hexists(record, "lease"):
            self.world.redis.hset(record, "lease", 1)

    # Workers with jobs.

    @rule()
    def start(self) -> None:
        if self.world.published:
            attempt = self.world.attempts.start(self.world.published.pop(0), "host:1")
            if attempt:
                # A worker that asks again is told of the attempt that it has.
                known = {(each.job.id, each.token) for each in self.running}
                new = (attempt.job.id, attempt.token) not in known
                assert not (new and self.batch.state is BatchState.PAUSED)
                self.running.append(attempt)

    @rule(which=st.integers(0, 5), how=st.sampled_from(["succeed", "fail", "skip", "back", "die"]))
    def end(self, which: int, how: str) -> None:
        if not self.running:
            return
        attempt = self.running[which % len(self.running)]
        attempts = self.world.attempts
        match how:
            case "succeed":
                destination = attempt.job.destination
                result = RESULT.model_copy(update={"destination": destination})
                if attempts.succeed(attempt, result):
                    self.succeeded[attempt.job.source.key] += 1
            case "fail":
                attempts.fail(attempt, PROBLEM)
            case "skip":
                if attempts.skip(attempt, SKIPPED):
                    self.succeeded[attempt.job.source.key] += 1
            case "back":
                attempts.give_back(attempt, 60, PROBLEM, counts=True)
            case _:
                # It stays in play, as that of a frozen worker does.
                self.world.redis.zadd(LEASES, {attempt.job.id: 1}, xx=True)

    @rule()
    def time_passes(self) -> None:
        redis = self.world.redis
        for job in self.members(DUE):
            redis.zadd(DUE, {job: 1})
            redis.hdel(f"{{tintype}}:job:{job}", "not_before")
        self.world.published += self.sweeping.sweep() or {}

    # What is always true.

    @invariant()
    def counts_add_up(self) -> None:
        batch = self.batch
        counts = batch.counts
        ended = counts.succeeded + counts.failed + counts.canceled + counts.skipped
        assert counts.queued + counts.running + ended == counts.total <= len(SCANS)
        assert sum(batch.codes.values()) == counts.failed
        assert min(counts.model_dump().values()) >= 0
        jobs = self.jobs()
        states = Counter(job.state for job in jobs)
        assert (states[State.QUEUED], states[State.RUNNING]) == (counts.queued, counts.running)
        assert {job.id for job in jobs if not job.state.final} == set(self.active)
        assert len(self.active) <= WINDOW
        assert not batch.finished or not self.active

    @invariant()
    def no_key_is_done_twice(self) -> None:
        for job in self.jobs():
            self.made[job.id] = job.source.key
        tried = Counter(self.made.values())
        assert max(tried.values(), default=0) <= 1 + self.retries
        assert max(self.succeeded.values(), default=0) <= 1

    def jobs(self) -> list[Job]:
        return list(self.world.jobs.list(limit=500)[0])

    def teardown(self) -> None:
        """Only sweeps bring steps now: whatever has happened, the batch ends."""
        batch = self.sweep_to_the_end()
        self.report_is_right(batch)
        while batch.state is BatchState.FAILED:
            assert self.batch.counts.failed or not batch.expanded
            self.world.store.retry(self.id)
            batch = self.sweep_to_the_end()
            self.report_is_right(batch)
        if batch.state is BatchState.SUCCEEDED:
            assert batch.counts.total == len(SCANS)
            assert batch.counts.failed == 0

    def sweep_to_the_end(self) -> Batch:
        redis = self.world.redis
        for _ in range(100):
            batch = self.batch
            if batch.finished:
                assert redis.zcard(BATCHES_DUE) == 0
                return batch
            if batch.state is BatchState.PAUSED:
                self.world.store.resume(self.id)
            for due in self.members(BATCHES_DUE):
                redis.zadd(BATCHES_DUE, {due: 1})
            for batch_id in self.world.sweep():
                assert batch_id == self.id
                self.one_step(-1, False, lambda: None)
            for job in self.members(LEASES):
                redis.zadd(LEASES, {job: 1})
            self.time_passes()
            self.world.work()
            self.counts_add_up()
        raise AssertionError("it never ends")

    def report_is_right(self, batch: Batch) -> None:
        entries = self.world.all(batch)
        keys = [entry.key for entry in entries]
        assert len(set(keys)) == len(keys) == batch.counts.total
        assert not batch.expanded or batch.state is BatchState.CANCELED or sorted(keys) == SCANS
        found = Counter(entry.state for entry in entries)
        for state in ("succeeded", "failed", "canceled", "skipped"):
            assert found[state] == getattr(batch.counts, state)  # type: ignore[index]
        if batch.report:
            rows = self.world.report(batch)["jobs"]
            assert sorted(row["key"] for row in rows) == sorted(keys)


def _raises(error: Exception) -> Callable[..., Any]:
    def fails(*_: object) -> None:
        raise error

    return fails


def test_whatever_happens_to_a_batch_it_ends_with_every_key_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("core.batches.steps.PART", "worker.batches.report.PART"):
        monkeypatch.setattr(name, FEW)
    for module in ("expansion", "retries"):
        monkeypatch.setattr(f"worker.batches.{module}.AT_ONCE", FEW)
    world.settings = world.settings.model_copy(update={"batch_window": WINDOW})
    world.put(*SCANS)
    Machine.world, Machine.patch = world, monkeypatch
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=150,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
