"""A host is drained under work, and what no worker can read does it no harm."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from cli.main import cli
from cli.stack import Stack, StackOptions
from core.broker import QUEUES
from core.errors import DrainUnfinished
from core.fleet import WorkerState, read_fleet
from core.jobs import Job, Priority, State
from core.objects import ObjectRef
from core.redis_client import connect
from core.settings import Settings
from tests.integration.conftest import Service, child, frozen, running
from tests.support.images import encoded, gradient
from tests.support.messages import POISON
from tests.support.waiting import eventually

PHOTO = encoded(gradient())
HOST = socket.gethostname()
QUEUE = QUEUES[Priority.NORMAL]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    folder = tmp_path_factory.mktemp("fleet")
    return Stack(StackOptions(folder / "stack"), Settings(concurrency=1))


@pytest.fixture(scope="module")
def own(stack: Stack) -> Iterator[Service]:
    with running(stack) as own:
        yield own


@pytest.fixture
def redis(own: Service) -> Iterator[Redis]:
    """The Redis of that service, with what is in it."""
    with connect(own.settings.redis_url) as client:
        yield client


@pytest.fixture(autouse=True)
def _as_an_operator(own: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TINTYPE_REDIS_URL", own.settings.redis_url)
    monkeypatch.chdir(tmp_path)


def tintype(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def _submitted(own: Service, source: ObjectRef, count: int) -> list[Job]:
    return [own.submit({"source": source.model_dump()}) for _ in range(count)]


def _state(redis: Redis) -> list[WorkerState]:
    return [each.state for each in read_fleet(redis).workers]


def test_a_drained_host_finishes_what_it_runs_and_takes_nothing_until_undone(
    stack: Stack, own: Service, redis: Redis
) -> None:
    source, worker = own.put("a.jpg", PHOTO), child(stack, "worker-1")
    with frozen(child(stack, "s3")):
        first = _submitted(own, source, 1)[0]
        eventually(lambda: own.look(first).state is State.RUNNING, what="the start of the job")
        assert tintype("drain", HOST).exit_code == 0
        eventually(lambda: _state(redis) == [WorkerState.DRAINING], what="the draining")
        rest = _submitted(own, source, 3)
        with pytest.raises(DrainUnfinished, match=first.id):
            tintype("drain", HOST, "--wait", "--timeout", "0")
    done = tintype("drain", HOST, "--wait")
    assert (done.exit_code, done.output.splitlines()[-1]) == (
        0,
        f"Nothing runs on {HOST} any more.",
    )
    assert (own.look(first).state, own.look(first).attempt) == (State.SUCCEEDED, 1)
    assert _state(redis) == [WorkerState.DRAINED]
    assert f"'tintype drain {HOST} --undo' ends it" in tintype("workers").output

    # A supervisor starts it again: it takes nothing, either.
    worker.terminate()
    assert worker.process is not None
    assert worker.process.wait(30) == 0
    worker.start()
    worker.wait_ready(60)
    eventually(lambda: _state(redis) == [WorkerState.DRAINED], what="the new worker")
    assert redis.llen(QUEUE) == 3
    assert all(own.look(job).state is State.QUEUED for job in rest)

    assert tintype("drain", HOST, "--undo").exit_code == 0
    ended = [own.ended(job) for job in rest]
    assert [(job.state, job.attempt) for job in ended] == [(State.SUCCEEDED, 1)] * 3
    eventually(lambda: "drained" not in tintype("workers").output, 10, "work as before")


def test_messages_that_nobody_can_read_are_kept_and_harm_nobody(
    stack: Stack, own: Service, redis: Redis
) -> None:
    pid = child(stack, "worker-1").pid
    for text in POISON.values():
        redis.lpush(QUEUE, text)
    assert own.run(own.put("b.jpg", PHOTO)).state is State.SUCCEEDED
    assert child(stack, "worker-1").pid == pid
    assert redis.llen(QUEUE) == 0
    report = json.loads(tintype("queue", "--json").output)
    assert sum(report["dead"]["messages"].values()) == len(POISON)
    kept = [each["message"] for each in report["dead"]["last_messages"]]
    assert set(kept) <= {text.decode(errors="replace")[:1000] for text in POISON.values()}
    assert len(kept) == min(10, len(POISON))
    assert report["taken"] == 0


def test_who_works_on_what_is_seen_while_it_runs(stack: Stack, own: Service, redis: Redis) -> None:
    source = own.put("c.jpg", PHOTO)
    # It may have been drained just before, and says what it takes every two seconds.
    eventually(lambda: set(QUEUES.values()) < set(read_fleet(redis).workers[0].queues))
    with frozen(child(stack, "s3")):
        job = _submitted(own, source, 1)[0]
        eventually(lambda: own.look(job).state is State.RUNNING, what="the start of the job")
        [worker] = json.loads(tintype("workers", "--json").output)["workers"]
        table = tintype("workers").output
    assert (worker["host"], worker["state"], worker["job"]) == (HOST, "busy", job.id)
    assert worker["stage"] == "fetch"
    assert worker["name"] == "worker-1"
    assert set(QUEUES.values()) < set(worker["queues"])
    assert worker["bytes"] > 2**20
    for shown in (HOST, "worker-1", job.id, "fetch", "tint-small", worker["digest"][:12], "all"):
        assert shown in table
    assert own.ended(job).state is State.SUCCEEDED
    eventually(
        lambda: (read_fleet(redis).workers[0].per_minute or 0) >= 1, 10, "the rate of the worker"
    )
