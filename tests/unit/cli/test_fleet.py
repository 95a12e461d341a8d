"""``tintype workers``, ``queue`` and ``drain``, without workers."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from cli.fleet.drain import wait_until_empty
from cli.fleet.showing import ago
from cli.main import cli
from core import heartbeats
from core.broker import MODEL
from core.errors import DrainUnfinished, UnknownHost
from core.fleet import ChildBeat, Drains, ParentBeat, read_fleet, read_queues
from core.fleet.dead_letters import MOST, DeadLetters, Unreadable
from core.fleet.networks import REMEMBERED, Networks, Whereabouts
from core.jobs import Attempts, JobStore, Webhook
from core.jobs.deliveries import Deliveries, DeliveryState, Try
from core.namespace import key
from tests.support.jobs import PROBLEM, REQUEST, started

HOST = "rack[1]\x1b[31m"
"""Hostile: markup, and what would steer a terminal."""
CHILD = ChildBeat(
    parent=10,
    engine="opencv",
    model="tint-small",
    digest="d" * 64,
    models=("tint-small",),
    per_minute=7,
    since=1,
    bytes=300 << 20,
)
PARENT = ParentBeat(
    name="w-1",
    version="9.9",
    schema_version=1,
    queues=("tintype.normal",),
    stopping=False,
    taken=0,
    since=1,
    bytes=1,
)


@pytest.fixture(autouse=True)
def _on_an_empty_redis(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert redis.ping()
    monkeypatch.setenv("TINTYPE_REDIS_URL", redis_url)
    monkeypatch.chdir(tmp_path)


def tintype(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def lives(redis: Redis, host: str = HOST, parent: ParentBeat = PARENT, **child: Any) -> str:
    """Have a worker be heard from, with one child; return what that is called."""
    at = heartbeats.now(redis)
    redis.zadd(key(heartbeats.PARENTS), {f"{host}:10": at})
    redis.set(heartbeats.beat_key(f"{host}:10"), parent.model_dump_json())
    redis.zadd(key(heartbeats.WORKERS), {f"{host}:11": at})
    said = CHILD.model_copy(update=child).model_dump_json()
    redis.set(heartbeats.beat_key(f"{host}:11"), said)
    return f"{host}:11"


def test_without_workers_it_says_so() -> None:
    done = tintype("workers")
    assert (done.exit_code, "No worker is alive" in done.output) == (0, True)
    assert json.loads(tintype("workers", "--json").output) == {"workers": [], "drained": {}}


def test_workers_are_shown_with_what_they_do(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    attempt = attempts.start(jobs.create(REQUEST).id, lives(redis))
    assert attempt
    lives(redis, "other", batch="a-batch")
    [other, ours] = json.loads(tintype("workers", "--json").output)["workers"]
    assert (ours["host"], ours["pid"], ours["parent"], ours["name"]) == (HOST, 11, 10, "w-1")
    assert (ours["state"], ours["job"], ours["stage"]) == ("busy", attempt.job.id, "fetch")
    assert (other["state"], other["job"], other["batch"]) == ("busy", None, "a-batch")
    table = tintype("workers", "--once").output
    for shown in ("rack[1]", attempt.job.id, "fetch", "7/min", "300 MiB", "d" * 12, "9.9",
                  "batch a-batch", "tintype.normal"):  # fmt: skip
        assert shown in table
    assert "\x1b" not in table


def test_a_worker_that_says_nothing_or_something_else_is_shown_all_the_same(redis: Redis) -> None:
    redis.zadd(key(heartbeats.WORKERS), {"old:1": heartbeats.now(redis)})
    redis.zadd(key(heartbeats.WORKERS), {"new:x": heartbeats.now(redis)})
    redis.set(heartbeats.beat_key("new:x"), '{"nothing": "known"}')
    found = read_fleet(redis).workers
    assert [(each.host, each.pid, each.model) for each in found] == [
        ("new", 0, None),
        ("old", 1, None),
    ]
    assert tintype("workers").exit_code == 0


def test_a_heartbeat_says_who_one_is_and_is_forgotten_with_it(redis: Redis) -> None:
    beats = heartbeats.Heartbeat(redis, about=CHILD.model_dump_json)
    beats.beat()
    [worker] = read_fleet(redis).workers
    assert (worker.model, worker.per_minute) == ("tint-small", 7)
    assert worker.since == datetime.fromtimestamp(1, UTC)
    name = heartbeats.beat_key(f"{worker.host}:{worker.pid}")
    assert 0 < redis.pttl(name) <= 10_000
    beats.stop()
    assert not redis.exists(name)
    assert read_fleet(redis).workers == ()


def test_a_network_is_known_to_be_elsewhere(redis: Redis) -> None:
    def find(name: str = "tint-small", parent: str = "other:1") -> Whereabouts:
        return Networks(redis, parent).find(name)

    assert find() is Whereabouts.NOWHERE
    lives(redis)
    assert find() is Whereabouts.AT_WORK
    assert find("another") is Whereabouts.NOWHERE
    assert find(parent=f"{HOST}:10") is Whereabouts.NOWHERE, "its own children do not count"


def test_a_network_of_drained_workers_is_not_at_work(redis: Redis) -> None:
    lives(redis, parent=PARENT.model_copy(update={"obeys": "1"}))
    assert Networks(redis, "other:1").find("tint-small") is Whereabouts.IDLE
    lives(redis, "at-work")
    assert Networks(redis, "other:1").find("tint-small") is Whereabouts.AT_WORK


def test_where_networks_are_is_remembered_for_some_seconds(redis: Redis) -> None:
    now = 0.0
    networks = Networks(redis, "other:1", clock=lambda: now)
    assert networks.find("tint-small") is Whereabouts.NOWHERE
    lives(redis)
    now = REMEMBERED - 1
    assert networks.find("tint-small") is Whereabouts.NOWHERE
    now = REMEMBERED
    assert networks.find("tint-small") is Whereabouts.AT_WORK


def test_an_unknown_host_is_answered_with_those_that_are_known(redis: Redis) -> None:
    lives(redis)
    lives(redis, "other")
    for words in (("nowhere",), ("nowhere\x1b", "--undo"), ("x" * 10_000,)):
        with pytest.raises(UnknownHost, match="known hosts: 'other', 'rack") as raised:
            tintype("drain", *words)
        assert "\x1b" not in str(raised.value)
        assert len(str(raised.value)) < 300
    assert Drains(redis).all() == {}


def test_of_many_hosts_some_are_named(redis: Redis) -> None:
    for number in range(30):
        lives(redis, f"host-{number:02}")
    with pytest.raises(UnknownHost, match=r"'host-19' and 10 more$"):
        tintype("drain", "nowhere")


def test_a_drain_lasts_without_its_workers_and_can_be_undone(redis: Redis) -> None:
    lives(redis)
    done = tintype("drain", HOST)
    assert (done.exit_code, "\x1b" in done.output) == (0, False)
    mark = Drains(redis).mark(HOST)
    redis.delete(key(heartbeats.WORKERS), key(heartbeats.PARENTS))
    assert tintype("drain", HOST).exit_code == 0
    assert Drains(redis).mark(HOST) == mark
    assert "is drained; 'tintype drain rack[1]" in tintype("workers").output
    assert tintype("drain", HOST, "--undo").exit_code == 0
    assert Drains(redis).mark(HOST) is None
    with pytest.raises(UnknownHost, match="no worker is alive"):
        tintype("drain", HOST, "--undo")


def test_waiting_is_over_when_every_worker_of_the_host_obeys_this_mark(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    member = lives(redis)
    lives(redis, "other", PARENT.model_copy(update={"taken": 3}))
    Drains(redis).drain(HOST)
    mark = Drains(redis).mark(HOST)
    for beat in ({}, {"obeys": "an earlier one"}, {"obeys": mark, "taken": 1}):
        lives(redis, HOST, PARENT.model_copy(update=beat))
        with pytest.raises(DrainUnfinished, match="w-1"):
            wait_until_empty(redis, HOST, 0)
    lives(redis, HOST, PARENT.model_copy(update={"obeys": mark}))
    wait_until_empty(redis, HOST, 0)
    attempt = attempts.start(jobs.create(REQUEST).id, member)
    assert attempt
    with pytest.raises(DrainUnfinished, match=attempt.job.id):
        wait_until_empty(redis, HOST, 0)
    assert attempts.fail(attempt, PROBLEM)
    assert tintype("drain", HOST, "--wait", "--timeout", "0").exit_code == 0


def test_undoing_and_waiting_do_not_go_together() -> None:
    done = tintype("drain", HOST, "--undo", "--wait")
    assert (done.exit_code, "--wait is for draining" in done.output) == (2, True)


def test_the_queue_is_shown_with_what_will_not_go_on(
    redis: Redis, jobs: JobStore, attempts: Attempts
) -> None:
    jobs.accept(REQUEST)
    told, _ = jobs.accept(REQUEST, webhook=Webhook(url="https://receiver.example/hook"))
    attempts.fail(started(attempts, told.id), PROBLEM)
    attempts.give_back(started(attempts, jobs.create(REQUEST).id), 60, PROBLEM)
    attempts.start(jobs.create(REQUEST).id, "host:2")
    redis.rpush("tintype.high", "a message")
    lives(redis)
    redis.rpush(f"{MODEL}tint-small", "one that was handed over")
    [delivery] = Deliveries(redis).claim(1, 60)
    outcome = Try(at=datetime.now(UTC), status=410, ms=1)
    Deliveries(redis).settle(delivery, outcome, DeliveryState.GONE)
    DeadLetters(redis).bury(Unreadable.UNKNOWN_TASK, "tintype.low", "[red]x\x1b[31m")

    seen = json.loads(tintype("queue", "--json").output)
    lines = {line["queue"]: line for line in seen["queues"]}
    assert (lines["tintype.high"]["messages"], lines["tintype.normal"]["jobs"]) == (1, 2)
    assert lines[f"{MODEL}tint-small"]["messages"] == 1
    assert (seen["running"], seen["scheduled"], seen["dead"]["deliveries"]) == (1, 2, 1)
    assert seen["dead"]["jobs"] == {PROBLEM.code: 1}
    assert seen["dead"]["messages"] == {"unknown_task": 1}
    table = tintype("queue").output
    for shown in ("tintype.high", "jobs have failed: broken_image", "[red]x", "unknown_task"):
        assert shown in table
    assert "\x1b" not in table

    Deliveries(redis).redeliver(delivery.id)
    assert read_queues(redis, redis).dead.deliveries == 0


def test_of_unreadable_messages_the_last_hundred_are_kept(redis: Redis) -> None:
    letters = DeadLetters(redis)
    for number in range(MOST + 5):
        letters.bury(Unreadable.NOT_A_MESSAGE, "q" * 1000, f"{number} " + "x" * 10_000)
    kept = letters.last()
    assert len(kept) == MOST
    assert kept[0].message.startswith(f"{MOST + 4} ")
    assert max(len(each.message) for each in kept) == 1000
    assert read_queues(redis, redis).dead.messages == {"not_a_message": MOST + 5}


def test_a_dead_letter_that_cannot_be_read_hides_no_other(redis: Redis) -> None:
    letters = DeadLetters(redis)
    letters.bury(Unreadable.BAD_CONTENT, "q", "before")
    [ours] = redis.lrange(key("dead-letters"), 0, -1)
    later = json.loads(ours) | {"why": "of a later version"}
    redis.lpush(key("dead-letters"), "{", "[]", "{}", "5", json.dumps(later))
    redis.lpush(key("dead-letters"), json.dumps(json.loads(ours) | {"more": 1}))
    assert [each.message for each in letters.last()] == ["before", "before"]
    assert letters.last()[0].at.timestamp() == json.loads(ours)["at"] / 1000
    assert tintype("queue").exit_code == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0.0 s"), (99.94, "99.9 s"), (600, "10 min"), (7200, "2 h"), (864_000, "10 d")],
)
def test_times_are_short(seconds: float, said: str) -> None:
    assert ago(seconds) == said
