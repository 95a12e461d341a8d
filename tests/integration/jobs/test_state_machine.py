"""The Lua scripts against a model, with workers, clients and a sweeper that act in any order.

Scripts are atomic, so whatever concurrent actors do is some sequence of scripts; old attempts stay
in play, as those of frozen workers do.
"""

from dataclasses import dataclass
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from core.errors import AttemptOver, WrongState
from core.jobs import Attempt, Attempts, JobStore, Limits, Maker, Priority, Stage, State
from core.jobs.events import FIRST, EventLog
from core.jobs.sweeping import Sweeping
from core.queues import Queues
from tests.conftest import TTL
from tests.support.jobs import PROBLEM, REQUEST, RESULT
from tests.support.redis import DUE, ENDED, LEASES, comes_due, lease_runs_out

MOST = 2
OWNERS = ("", "ann", "bob")
"""None, and two."""
QUEUES = ["again", *Priority]
LIMITS = Limits(attempts=MOST, timeout=3600, patience=3600)


@dataclass
class Expected:
    """What the model knows of a job."""

    state: State = State.QUEUED
    token: int = 0
    strikes: int = 0
    stage: Stage | None = None
    canceling: bool = False
    lease: bool = False
    waits: bool = False
    ends: int = 0
    """How often it has ended: retries make more than one."""
    owner: str = ""

    def end(self, state: State) -> None:
        self.state, self.stage, self.lease, self.strikes = state, None, False, 0
        self.canceling, self.waits = False, False
        self.ends += 1

    def queue(self, waits: bool = False) -> None:
        if self.canceling:
            self.end(State.CANCELED)
        else:
            self.state, self.stage, self.lease, self.waits = State.QUEUED, None, False, waits

    def expire(self) -> None:
        if self.strikes < MOST or self.canceling:
            self.queue()
        else:
            self.end(State.FAILED)

    def held_by(self, token: int) -> bool:
        return self.state is State.RUNNING and self.token == token


class Machine(RuleBasedStateMachine):
    """Redis is that of the test; ``redis`` is set before the machine runs."""

    redis: Redis
    jobs = Bundle("jobs")
    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.redis.flushall()
        self.store = JobStore(self.redis)
        self.worker = Attempts(self.redis, LIMITS, TTL)
        queues = Queues(self.redis, QUEUES, "taken")
        self.sweeping = Sweeping(self.redis, LIMITS, TTL, "sweeper", queues)
        # Nothing counts as lost: there are messages enough.
        self.redis.lpush(QUEUES[-1], *range(500))
        self.model: dict[str, Expected] = {}
        self.names = count()

    @rule(target=jobs, priority=st.sampled_from(Priority), owner=st.sampled_from(OWNERS))
    def submit(self, priority: Priority, owner: str) -> str:
        order = REQUEST.model_copy(update={"priority": priority})
        job, _ = self.store.accept(order, maker=Maker(owner))
        self.model[job.id] = Expected(owner=owner)
        return job.id

    @rule(target=attempts, job=jobs)
    def start(self, job: str) -> object:
        known = self.model[job]
        if known.state is State.RUNNING and not known.lease:
            known.expire()
        attempt = self.worker.start(job, f"host:{next(self.names)}")
        may = known.state is State.QUEUED and not known.waits
        assert (attempt is not None) == may
        if attempt is None:
            return multiple()
        known.state, known.stage, known.lease = State.RUNNING, Stage.FETCH, True
        known.token += 1
        known.strikes += 1
        assert attempt.token == known.token
        return attempt

    @rule(attempt=attempts, stage=st.sampled_from(Stage))
    def enter(self, attempt: Attempt, stage: Stage) -> None:
        known = self.model[attempt.job.id]
        if known.held_by(attempt.token) and known.canceling:
            known.end(State.CANCELED)
        if known.held_by(attempt.token):
            self.worker.enter(attempt, stage)
            known.stage, known.lease = stage, True
        else:
            with pytest.raises(AttemptOver):
                self.worker.enter(attempt, stage)

    @rule(attempt=attempts)
    def renew(self, attempt: Attempt) -> None:
        known = self.model[attempt.job.id]
        held = known.held_by(attempt.token)
        assert self.worker.renew(attempt) == held
        known.lease = known.lease or held

    @rule(attempt=attempts, succeeds=st.booleans())
    def finish(self, attempt: Attempt, succeeds: bool) -> None:
        known = self.model[attempt.job.id]
        held = known.held_by(attempt.token)
        if succeeds:
            assert self.worker.succeed(attempt, RESULT) == held
        else:
            assert self.worker.fail(attempt, PROBLEM) == held
        if held:
            known.end(State.SUCCEEDED if succeeds else State.FAILED)

    @rule(attempt=attempts, counts=st.booleans(), delay=st.sampled_from([0, 60]))
    def give_back(self, attempt: Attempt, counts: bool, delay: int) -> None:
        known = self.model[attempt.job.id]
        held = known.held_by(attempt.token)
        state = self.worker.give_back(attempt, delay, PROBLEM, counts=counts)
        if held:
            known.strikes -= not counts
            if counts and known.strikes >= MOST and not known.canceling:
                known.end(State.FAILED)
            else:
                known.queue(waits=delay > 0)
        assert state == (known.state if held else None)

    @rule(job=jobs)
    def cancel(self, job: str) -> None:
        known = self.model[job]
        if known.state in (State.SUCCEEDED, State.FAILED):
            with pytest.raises(WrongState):
                self.store.cancel(job)
            return
        if known.state is State.RUNNING and known.stage is Stage.STORE:
            known.canceling = True
        elif known.state is not State.CANCELED:
            known.end(State.CANCELED)
        assert self.store.cancel(job).state is known.state

    @rule(job=jobs)
    def retry(self, job: str) -> None:
        known = self.model[job]
        if known.state in (State.FAILED, State.CANCELED):
            self.store.retry(job)
            known.queue()
        else:
            with pytest.raises(WrongState):
                self.store.retry(job)

    @rule(job=jobs)
    def time_passes(self, job: str) -> None:
        known = self.model[job]
        if known.state is State.RUNNING and known.lease:
            lease_runs_out(self.redis, job)
            known.lease = False
        elif known.state is State.QUEUED and self.redis.zscore(DUE, job):
            comes_due(self.redis, job)
            known.waits = False

    @rule()
    def sweep(self) -> None:
        seconds, microseconds = self.redis.time()
        now = seconds * 1000 + microseconds // 1000
        due = set(self.redis.zrangebyscore(DUE, 0, now))
        lost = [k for k, v in self.model.items() if v.state is State.RUNNING and not v.lease]
        for job in lost:
            self.model[job].expire()
            if self.model[job].state is State.QUEUED:
                due.add(job)
        found = self.sweeping.sweep()
        assert found is not None
        assert set(found) == due

    @invariant()
    def records_are_as_expected(self) -> None:
        for job_id, known in self.model.items():
            job = self.store.get(job_id)
            assert (job.state, job.attempt, job.stage) == (known.state, known.token, known.stage)
            assert (job.finished is not None) == job.state.final
            assert (job.error is not None) == (job.state is State.FAILED)

    @invariant()
    def indexes_are_those_of_the_records(self) -> None:
        for state in State:
            expected = {job for job, known in self.model.items() if known.state is state}
            assert {job.id for job in self.store.list(state, limit=500)[0]} == expected
            assert self.store.count(state) == len(expected)
        running = {job for job, known in self.model.items() if known.state is State.RUNNING}
        ended = {job for job, known in self.model.items() if known.state.final}
        queued = set(self.model) - running - ended
        assert set(self.redis.zrange(LEASES, 0, -1)) == running
        assert set(self.redis.zrange(ENDED, 0, -1)) == ended
        assert set(self.redis.zrange(DUE, 0, -1)) <= queued

    @invariant()
    def owners_have_their_own_jobs_in_their_lists(self) -> None:
        for owner in filter(None, OWNERS):
            mine = {job: known for job, known in self.model.items() if known.owner == owner}
            for state in State:
                expected = {job for job, known in mine.items() if known.state is state}
                found, _ = self.store.list(state, limit=500, owner=owner)
                assert {job.id for job in found} == expected
            failed, _ = self.store.list(code=PROBLEM.code, limit=500, owner=owner)
            assert {job.id for job in failed} <= set(mine)
            assert all(job.error and job.error.code == PROBLEM.code for job in failed)

    @invariant()
    def every_end_was_told_once(self) -> None:
        told = dict.fromkeys(self.model, 0)
        if self.model:
            for event in EventLog(self.redis).after(FIRST, 0.001, 100_000):
                told[event.job] += event.state.final
                assert (event.owner or "") == self.model[event.job].owner
        assert told == {job: known.ends for job, known in self.model.items()}


def test_the_scripts_do_what_the_model_says(redis: Redis) -> None:
    Machine.redis = redis
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=100,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
