"""Batches of owners: their jobs are the owner's, held to the key's rules and to its quota."""

import json
from typing import Any

from core.batches import Batch, BatchState, EntryState
from core.batches.steps import Key, Page
from core.jobs import Maker, State
from tests.integration.batches.conftest import World
from tests.support.jobs import PROBLEM


def made(world: World, maker: Maker, **more: Any) -> Batch:
    batch, _ = world.store.create(world.request(**more), maker=maker)
    return batch


def test_jobs_of_a_batch_are_its_owners(world: World) -> None:
    world.put(*(f"scans/{n}.jpg" for n in range(25)))
    batch = world.run(made(world, Maker("ann")))
    assert batch.state is BatchState.SUCCEEDED
    assert batch.counts.succeeded == 25
    mine, _ = world.jobs.list(owner="ann", limit=100)
    others, _ = world.jobs.list(owner="bob")
    everyone, _ = world.jobs.list(limit=100)
    assert {job.owner for job in mine} == {"ann"}
    assert [job.id for job in mine] == [job.id for job in everyone]
    assert not others
    listed, _ = world.store.list(owner="ann")
    assert [each.id for each in listed] == [batch.id]


def test_failed_keys_that_are_tried_again_are_their_owners_still(world: World) -> None:
    world.put("scans/a.jpg", "scans/b.jpg")
    batch = world.run(made(world, Maker("ann")), {"scans/a.jpg": PROBLEM})
    assert batch.state is BatchState.FAILED
    assert len(world.jobs.list(State.FAILED, owner="ann")[0]) == 1
    world.store.retry(batch.id)
    assert world.run(batch).state is BatchState.SUCCEEDED
    assert not world.jobs.list(State.FAILED, owner="ann")[0]
    assert len(world.jobs.list(State.SUCCEEDED, owner="ann")[0]) == 2


def test_jobs_that_were_held_are_in_their_owners_list_all_the_time(world: World) -> None:
    world.put("scans/a.jpg", "scans/b.jpg")
    batch = made(world, Maker("ann"))
    world.step(batch)
    world.store.pause(batch.id)
    assert not world.work()
    assert len(world.jobs.list(State.QUEUED, owner="ann")[0]) == 2
    world.store.resume(batch.id)
    assert world.run(batch).state is BatchState.SUCCEEDED
    assert not world.jobs.list(State.QUEUED, owner="ann")[0]


def test_rows_of_a_manifest_are_held_to_the_keys_rules(world: World) -> None:
    world.put("scans/mine/a.jpg", "scans/other.jpg", "private/b.jpg", "scans/mine/c.jpg")
    rows: list[dict[str, object]] = [
        {"key": "scans/mine/a.jpg", "destination": "colour/a.jpg"},
        {"key": "scans/other.jpg", "destination": "colour/other.jpg"},
        {"key": "private/b.jpg", "destination": "colour/b.jpg"},
        {"key": "scans/mine/c.jpg", "destination": "private/c.jpg"},
        {
            "key": "scans/mine/a.jpg",
            "destination": "colour/d.jpg",
            "options": {"reference": {"bucket": world.bucket, "key": "private/b.jpg"}},
        },
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    world.storage.store(world.at("scans/mine/list.jsonl"), text, "application/jsonl")
    rules = f"{world.bucket}/scans/mine/:read, {world.bucket}/colour/:write"
    manifest = {"bucket": world.bucket, "key": "scans/mine/list.jsonl"}
    source = {"bucket": world.bucket, "prefix": "", "manifest": manifest}
    batch = world.run(made(world, Maker("ann", access=rules), source=source))
    states = [(each.key, each.state, each.code) for each in world.all(batch)]
    assert sorted(states, key=str) == sorted(
        [
            ("scans/mine/a.jpg", EntryState.SUCCEEDED, None),
            ("scans/other.jpg", EntryState.FAILED, "bucket_forbidden"),
            ("private/b.jpg", EntryState.FAILED, "bucket_forbidden"),
            ("scans/mine/c.jpg", EntryState.FAILED, "bucket_forbidden"),
            ("scans/mine/a.jpg", EntryState.FAILED, "bucket_forbidden"),
        ],
        key=str,
    )


def test_a_batch_goes_on_when_its_owner_may_make_more_jobs(world: World) -> None:
    world.put(*(f"scans/{n}.jpg" for n in range(5)))
    batch = made(world, Maker("ann", quota=3))
    for _ in range(3):
        batch = world.step(batch)
        world.work()
    assert batch.state is BatchState.EXPANDING
    assert batch.counts.total == 3
    # The next day.
    (counter,) = world.redis.scan_iter("{tintype}:owner:ann:made:*")
    world.redis.delete(counter)
    batch = world.run(batch)
    assert (batch.state, batch.counts.succeeded) == (BatchState.SUCCEEDED, 5)


def test_batches_at_the_same_time_share_their_owners_quota(world: World) -> None:
    steps, orders = world.steps, []
    for _ in range(2):
        step = steps.begin(made(world, Maker("ann", quota=3)).id)
        assert step
        orders.append((step, steps.look(step)))
    added = []
    for step, progress in orders:
        spec = json.dumps({"source": {"bucket": "scans", "key": "a.jpg"}})
        page = Page([Key("job", spec) for _ in range(progress.room)], "new:", last=True)
        added.append(steps.add(step, progress.batch, "cursor", page))
    assert added == [True, False]
    assert len(world.jobs.list(owner="ann")[0]) == 3


def test_a_batch_that_is_forgotten_is_in_no_list(world: World) -> None:
    world.put("scans/a.jpg")
    batch = world.run(made(world, Maker("ann")))
    world.redis.zadd("{tintype}:batches:finished", {batch.id: 1})
    world.sweep()
    assert not world.redis.exists("{tintype}:owner:ann:batches")
