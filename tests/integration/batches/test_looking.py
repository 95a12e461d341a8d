"""What one sees of a batch that is under way."""

import pytest

from core.batches import BatchState, Entry, EntryState
from core.errors import InvalidCursor, TintypeError
from tests.integration.batches.conftest import World
from tests.support.jobs import RESULT

SCANS = [f"scans/{number:03}.jpg" for number in range(40)]


def test_pages_of_keys_show_each_once_while_nothing_moves(world: World) -> None:
    world.put(*SCANS)
    batch = world.create()
    for _ in range(3):
        batch = world.step(batch)
        world.work(most=6)
    running = world.attempts.start(world.published.pop(0), "host:1")
    assert running
    batch = world.store.get(batch.id)
    for limit in (1, 2, 7, 100):
        keys = [entry.key for entry in world.all(batch, limit=limit)]
        assert len(keys) == len(set(keys)) == batch.counts.total
        for state in EntryState:
            found = world.all(batch, state, limit)
            assert {entry.state for entry in found} <= {state}
            assert len(found) == getattr(batch.counts, state)


def test_a_damaged_record_does_not_hide_the_other_batches(world: World) -> None:
    made = [world.create() for _ in range(3)]
    world.redis.hset(f"{{tintype}}:batch:{made[1].id}", "spec", "{}")
    for state in (None, BatchState.EXPANDING):
        found, cursor = world.store.list(state)
        assert [each.id for each in found] == [made[2].id, made[0].id]
        assert cursor is None
    with pytest.raises(TintypeError, match="is damaged"):
        world.store.get(made[1].id)


def test_pages_of_batches_in_a_state(world: World) -> None:
    made = [world.create() for _ in range(70)]
    wanted = [batch for number, batch in enumerate(made) if number % 30 == 0]
    for batch in wanted:
        world.store.pause(batch.id)
    found, cursor = [], None
    while True:
        page, cursor = world.store.list(BatchState.PAUSED, limit=1, cursor=cursor)
        found += [each.id for each in page]
        if cursor is None:
            break
    assert found == [batch.id for batch in reversed(wanted)]


def test_rate_and_what_is_left(world: World) -> None:
    world.put(*SCANS[:8])
    batch = world.step(world.create())
    world.work(most=2)
    ticks = f"{{tintype}}:batch:{batch.id}:ticks"
    first = str(world.redis.lindex(ticks, 0))
    at, ended = map(int, first.split(":"))
    world.redis.lset(ticks, 0, f"{at - 10_000}:{ended}")
    world.work(most=5)
    seen = world.store.get(batch.id)
    assert seen.rate
    assert seen.eta_seconds
    assert 0.3 < seen.rate < 0.7
    assert seen.eta_seconds == pytest.approx(1 / seen.rate, rel=0.1)


def test_the_most_ambiguous_are_listed_first(world: World) -> None:
    world.put(*SCANS[:7])
    batch = world.step(world.create(options={"ambiguity": True}))
    shares = [0.1, 0.7, 0.3, 0.9, 0.2]
    for share in shares:
        attempt = world.attempts.start(world.published.pop(0), "host:1")
        assert attempt
        destination = attempt.job.destination
        result = RESULT.model_copy(update={"destination": destination, "ambiguity": share})
        assert world.attempts.succeed(attempt, result)
    listed: list[Entry] = []
    cursor = None
    while True:
        page, cursor = world.entries.most_ambiguous(batch, 2, cursor)
        listed += page
        if cursor is None:
            break
    assert [entry.ambiguity for entry in listed] == sorted(shares, reverse=True)
    assert [entry.key for entry in listed][:2] == [SCANS[3], SCANS[1]]
    assert listed[0].result == "colour/003.jpg"
    assert {entry.state for entry in listed} == {EntryState.SUCCEEDED}
    for wrong in ("active:", "ambiguity:x", "ended:3"):
        with pytest.raises(InvalidCursor):
            world.entries.most_ambiguous(batch, 2, wrong)


def test_no_more_than_a_thousand_ambiguous_ones_are_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.attempts.REVIEWED", 3)
    world.put(*SCANS[:8])
    batch = world.step(world.create())
    for number in range(8):
        attempt = world.attempts.start(world.published.pop(0), "host:1")
        assert attempt
        update = {"destination": attempt.job.destination, "ambiguity": number / 10}
        assert world.attempts.succeed(attempt, RESULT.model_copy(update=update))
    listed, cursor = world.entries.most_ambiguous(batch)
    assert [entry.ambiguity for entry in listed] == [0.7, 0.6, 0.5]
    assert cursor is None
