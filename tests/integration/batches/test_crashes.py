"""Workers that die, freeze and come back in the middle of a step."""

from collections import Counter

import pytest

from core.batches import Batch, BatchState, EntryState
from core.errors import BrokenImage, QueueUnavailable, StepOver, StorageUnavailable
from core.jobs import Problem
from tests.integration.batches.conftest import WINDOW, World
from tests.support.jobs import PROBLEM
from worker.batches.expansion import Expansion
from worker.batches.stepper import MOST_STRIKES

SCANS = [f"scans/{number:03}.jpg" for number in range(25)]


def lease_runs_out(world: World, batch: Batch) -> None:
    assert world.redis.hset(f"{{tintype}}:batch:{batch.id}", "lease", 1) == 0


def dies(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def every_key_once(world: World, batch: Batch) -> None:
    keys = [row["key"] for row in world.report(batch)["jobs"]]
    assert sorted(keys) == SCANS


def test_a_worker_that_dies_between_two_pages_loses_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS)
    batch = world.create()
    monkeypatch.setattr("worker.batches.expansion.AT_ONCE", 4)
    stepper, publish = world.stepper(), world.publish
    calls = 0

    def dying(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        publish(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stepper, "_publish", dying)
    with pytest.raises(KeyboardInterrupt):
        stepper.run(batch.id)
    assert world.store.get(batch.id).counts.queued == 8
    assert len(world.published) == 4
    assert world.step(batch).counts.queued == 8, "its lease still runs"
    lease_runs_out(world, batch)
    # Those that were recorded and not published come due; the sweep publishes them.
    world.published += [job.id for job in world.jobs.list()[0] if job.id not in world.published]
    ended = world.run(batch)
    assert ended.counts.succeeded == len(SCANS)
    every_key_once(world, ended)


@pytest.mark.parametrize("method", ["write_part", "write"])
def test_a_worker_that_dies_at_the_report_leaves_no_line_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    world.put(*SCANS)
    batch = world.create()
    while (batch := world.step(batch)).counts.total < len(SCANS):
        world.work()
    world.work()
    stepper = world.stepper()
    real = getattr(stepper._reports, method)

    def dies_after(*arguments: object) -> None:
        monkeypatch.setattr(stepper._reports._steps, "written", dies)
        real(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(stepper._reports, method, dies_after)
    with pytest.raises(KeyboardInterrupt):
        stepper.run(batch.id)
    lease_runs_out(world, batch)
    ended = world.run(batch)
    assert ended.state is BatchState.SUCCEEDED
    every_key_once(world, ended)


def test_a_frozen_worker_changes_nothing_when_it_wakes_up(world: World) -> None:
    world.put(*SCANS)
    batch = world.create()
    frozen = world.steps.begin(batch.id)
    assert frozen
    progress = world.steps.look(frozen)
    stepper = world.stepper()
    [page, *_] = stepper._expansion.pages(progress, lambda: None)
    lease_runs_out(world, batch)
    world.step(batch)
    before = world.store.get(batch.id)
    assert not world.steps.add(frozen, progress.batch, "cursor", page)
    for late in (
        lambda: world.steps.look(frozen),
        lambda: world.steps.finish(frozen, reported=True, problem=PROBLEM),
    ):
        with pytest.raises(StepOver):
            late()
    world.steps.fail(frozen, PROBLEM)
    assert world.steps.release(frozen) == []
    assert world.steps.rest(frozen) == 0
    assert world.store.get(batch.id) == before


def test_a_batch_that_kills_its_workers_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS)
    batch = world.create()
    with monkeypatch.context() as patch:
        patch.setattr(Expansion, "pages", dies)
        for _ in range(MOST_STRIKES):
            with pytest.raises(KeyboardInterrupt):
                world.stepper().run(batch.id)
            lease_runs_out(world, batch)
    ended = world.run(batch)
    assert ended.state is BatchState.FAILED
    assert ended.error
    assert ended.error.code == "worker_lost"
    assert world.report(ended)["jobs"] == []
    again = world.run(world.store.retry(batch.id))
    assert (again.state, again.counts.succeeded) == (BatchState.SUCCEEDED, len(SCANS))


def test_storage_that_is_away_for_a_while_delays_a_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS)
    batch = world.create()

    def away(*_: object) -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr("worker.batches.expansion.read_listing", away)
        waiting = world.step(batch)
        assert waiting.state is BatchState.EXPANDING
        assert waiting.error is None
    assert world.run(batch).counts.succeeded == len(SCANS)


def test_storage_that_stays_away_fails_it_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS)
    world.settings = world.settings.model_copy(update={"storage_patience": 100})
    batch = world.create()

    def away(*_: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr("worker.batches.expansion.read_listing", away)
    world.step(batch)
    record = f"{{tintype}}:batch:{batch.id}"
    assert world.redis.hincrby(record, "failing", -100_000)
    failed = world.step(batch)
    assert (failed.state, failed.finished) == (BatchState.FAILED, None)
    ended = world.run(batch)
    assert ended.error
    assert ended.error.code == "storage_unavailable"


def test_a_report_that_cannot_be_written_does_not_keep_a_batch_from_its_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS[:3])
    batch = world.step(world.create())
    world.work()
    monkeypatch.setattr("worker.batches.report.write_lines", dies_for_good)
    ended = world.run(batch)
    assert (ended.state, ended.report) == (BatchState.FAILED, None)
    assert ended.error
    assert ended.error.code == PROBLEM.code
    assert Counter(entry.state for entry in world.all(ended)) == {EntryState.SUCCEEDED: 3}


def dies_for_good(*_: object) -> None:
    raise BrokenImage(PROBLEM.detail)


def test_redis_that_is_away_is_no_fault_of_the_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS)
    batch = world.create()

    def away(*_: object) -> None:
        raise QueueUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr("core.batches.steps.Steps.add", away)
        with pytest.raises(QueueUnavailable):
            world.stepper().run(batch.id)
    assert world.store.get(batch.id).error is None
    lease_runs_out(world, batch)
    assert world.run(batch).counts.succeeded == len(SCANS)


def test_a_batch_is_found_by_the_sweep_until_it_has_ended(world: World) -> None:
    world.put(*SCANS)
    batch = world.create()
    assert world.sweep() == [batch.id]
    assert world.sweep() == [], "its message is on the way"
    batch = world.step(batch)
    while world.work(most=1):
        # While there is room again, or at once when half of the window has ended.
        if world.store.get(batch.id).counts.queued == WINDOW // 2:
            assert world.sweep() == [batch.id]
            break
    world.run(batch)
    assert world.redis.zcard("{tintype}:batches:due") == 0
    assert world.sweep() == []


def test_ended_batches_are_forgotten_with_all_they_left(world: World) -> None:
    world.put(*SCANS)
    bad = {SCANS[-1]: PROBLEM}
    batch = world.run(world.create(), bad)
    world.redis.zadd("{tintype}:batches:finished", {batch.id: 1})
    world.sweep()
    assert world.redis.keys(f"{{tintype}}:batch:{batch.id}*") == []
    assert world.redis.zcard("{tintype}:batches") == 0
    assert world.store.list() == ([], None)
    # Its jobs are remembered like any others, and can be tried again like any others.
    [failed] = world.jobs.list(code=PROBLEM.code)[0]
    assert world.jobs.retry(failed.id).attempt == 1


def test_a_job_that_is_given_back_while_its_batch_is_paused_waits(world: World) -> None:
    world.put(*SCANS[:2])
    batch = world.step(world.create())
    attempt = world.attempts.start(world.published.pop(0), "host:1")
    assert attempt
    world.store.pause(batch.id)
    world.attempts.give_back(attempt, 0, Problem(code="storage_unavailable", detail="away"))
    world.published.append(attempt.job.id)
    assert world.work() == []
    assert world.store.get(batch.id).counts.queued == 2
    world.store.resume(batch.id)
    assert world.run(batch).counts.succeeded == 2
