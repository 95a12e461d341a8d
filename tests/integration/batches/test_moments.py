"""Moments at which a batch could hang, or do its work again and again."""

from collections import Counter
from tempfile import TemporaryFile
from typing import Any

import pytest

from core.batches import BatchState
from core.batches.steps import Steps
from core.errors import StorageDenied, WrongState
from tests.integration.batches.conftest import World
from tests.support.jobs import PROBLEM
from tests.support.redis import LEASES

SCANS = [f"scans/{number:03}.jpg" for number in range(25)]


def test_what_fails_while_a_batch_is_paused_is_tried_again_and_keeps_no_job_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS)
    batch = world.step(world.create())
    world.work(most=5)

    def paused_meanwhile(*_: object) -> None:
        world.store.pause(batch.id)
        assert world.work() == [], "they are held"
        raise StorageDenied("no")

    with monkeypatch.context() as patch:
        patch.setattr("worker.batches.expansion.read_listing", paused_meanwhile)
        batch = world.step(batch)
    assert (batch.state, batch.counts.queued) == (BatchState.PAUSED, 5)
    assert world.redis.zscore("{tintype}:batches:due", batch.id), "it is tried again"
    world.store.resume(batch.id)
    assert world.run(batch).counts.succeeded == len(SCANS)


def test_a_worker_that_asks_again_is_told_of_its_attempt_though_the_batch_is_paused(
    world: World,
) -> None:
    world.put(*SCANS[:2])
    batch = world.step(world.create())
    first, second = world.published
    attempt = world.attempts.start(first, "host:1")
    assert attempt
    world.store.pause(batch.id)
    again = world.attempts.start(first, "host:1")
    assert again
    assert (again.job.id, again.token) == (attempt.job.id, attempt.token)
    assert world.attempts.start(first, "host:2") is None
    assert world.attempts.start(second, "host:1") is None
    # Its lease runs out, so it is no longer its own: another attempt does not begin in a pause.
    world.redis.zadd(LEASES, {first: 1}, xx=True)
    assert world.attempts.start(first, "host:1") is None


def test_a_cancel_cut_off_at_the_end_of_a_step_is_carried_out(world: World) -> None:
    world.put(*SCANS[:3])
    batch = world.step(world.create())
    world.store.pause(batch.id)
    assert world.work() == []
    step = world.steps.begin(batch.id)
    assert step
    world.steps.look(step)
    # The API dies before it has canceled the jobs.
    world.store._scripts.run("cancel", batch.id)
    world.steps.rest(step)
    assert world.redis.zscore("{tintype}:batches:due", batch.id)
    assert world.run(batch).counts.canceled == 3


def test_a_batch_that_has_failed_as_a_whole_can_be_canceled_with_its_jobs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS)
    batch = world.step(world.create())
    world.work(most=5)

    def denied(*_: object) -> None:
        raise StorageDenied("no")

    with monkeypatch.context() as patch:
        patch.setattr("worker.batches.expansion.read_listing", denied)
        batch = world.step(batch)
    assert (batch.state, batch.counts.queued) == (BatchState.FAILED, 5)
    canceled = world.store.cancel(batch.id)
    assert (canceled.state, canceled.counts.canceled) == (BatchState.CANCELED, 5)
    ended = world.run(batch)
    assert ended.state is BatchState.CANCELED
    assert len(world.report(ended)["jobs"]) == 10
    with pytest.raises(WrongState):
        world.store.cancel(world.run(world.create(source={"bucket": "no-such-bucket"})).id)


def test_paused_while_its_report_is_written_a_batch_goes_on_at_once_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS[:3])
    batch = world.step(world.create())
    world.work()
    finish = Steps.finish

    def paused_meanwhile(steps: Steps, *arguments: Any, **named: Any) -> bool:
        world.store.pause(batch.id)
        return finish(steps, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Steps, "finish", paused_meanwhile)
        batch = world.step(batch)
    assert batch.state is BatchState.PAUSED
    assert not world.redis.hexists(f"{{tintype}}:batch:{batch.id}", "lease")
    world.store.resume(batch.id)
    assert world.run(batch).state is BatchState.SUCCEEDED


def test_paused_again_before_anything_was_released_a_batch_rests(world: World) -> None:
    world.put(*SCANS[:3])
    batch = world.step(world.create())
    world.store.pause(batch.id)
    world.store.resume(batch.id)
    world.store.pause(batch.id)
    world.step(batch)
    assert world.redis.zscore("{tintype}:batches:due", batch.id) is None


def test_keys_that_fail_again_are_tried_once_in_a_retry(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.batches.steps.PART", 5)
    monkeypatch.setattr("worker.batches.report.PART", 5)
    world.put(*SCANS)
    bad = dict.fromkeys(SCANS, PROBLEM)
    batch = world.run(world.create(), bad)
    assert batch.counts.failed == 25
    tried: Counter[str] = Counter()
    batch = world.store.retry(batch.id)
    for _ in range(60):
        if (batch := world.step(batch)).finished:
            break
        tried.update(job.source.key for job in world.work(problem=bad))
    assert batch.finished
    assert set(tried.values()) == {1}


def test_jobs_of_a_batch_without_a_report_are_forgotten_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS[:3])
    batch = world.step(world.create())
    world.work()

    def no(*_: object) -> None:
        raise StorageDenied("no")

    monkeypatch.setattr("worker.batches.report.write_lines", no)
    batch = world.run(batch)
    assert batch.report is None
    world.redis.zadd("{tintype}:batches:finished", {batch.id: 1})
    world.sweep()
    assert world.redis.zcard("{tintype}:jobs:ended") == 3


def test_failures_that_no_part_has_are_tried_again_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(*SCANS[:3])
    batch = world.step(world.create())
    world.work(problem=dict.fromkeys(SCANS, PROBLEM))

    def no(*_: object) -> None:
        raise StorageDenied("no")

    with monkeypatch.context() as patch:
        patch.setattr("worker.batches.report.write_lines", no)
        batch = world.run(batch)
    assert (batch.state, batch.counts.failed) == (BatchState.FAILED, 3)
    again = world.run(world.store.retry(batch.id))
    assert (again.state, again.counts.succeeded) == (BatchState.SUCCEEDED, 3)


def test_the_rate_is_never_negative(world: World) -> None:
    world.put(*SCANS[:9])
    batch = world.run(world.create(), dict.fromkeys(SCANS, PROBLEM))
    batch = world.store.retry(batch.id)
    batch = world.step(batch)
    ticks = f"{{tintype}}:batch:{batch.id}:ticks"
    [at, ended] = str(world.redis.lindex(ticks, 0)).split(":")
    world.redis.lset(ticks, 0, f"{int(at) - 5000}:{ended}")
    assert (world.store.get(batch.id).rate or 0) >= 0


def test_a_part_that_someone_changed_has_no_jobs_made(world: World) -> None:
    world.put(*SCANS[:3])
    batch = world.run(world.create(), dict.fromkeys(SCANS, PROBLEM))
    [part] = world.entries.parts(batch)
    place = batch.destination.beside(batch.id, part.name)
    lines = world.storage.fetch(place, 10**6).data
    world.storage.store(place, lines.replace(b"colour/", b"secret/"), "application/jsonl")
    ended = world.run(world.store.retry(batch.id))
    assert ended.error
    assert ended.error.code == "report_damaged"
    assert (ended.counts.failed, ended.counts.total) == (3, 3)
    world.storage.store(place, lines, "application/jsonl")
    assert world.run(world.store.retry(batch.id)).state is BatchState.SUCCEEDED


def test_the_lease_is_kept_while_a_long_report_is_written(world: World) -> None:
    calls: list[None] = []
    with TemporaryFile() as file:
        file.write(bytes(20 * 1024 * 1024))
        file.seek(0)
        world.storage.store_file(world.at("x"), file, "text/csv", lambda: calls.append(None))
    assert len(calls) > 10
