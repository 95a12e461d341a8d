"""Redis goes away under the service and comes back."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from cli.stack import servers
from cli.stack.child import Child
from core.jobs import Attempts, JobStore
from core.jobs.deliveries import DeliveryState
from core.redis_client import connect
from core.settings import Settings
from tests.conftest import LIMITS, TTL
from tests.support.ended import succeeded
from tests.support.receivers import receiving, status
from tests.support.waiting import eventually
from tests.support.webhooks import sending, settled, statuses


@pytest.fixture
def port() -> int:
    return servers.free_port()


@pytest.fixture
def own(tmp_path: Path, port: int) -> Iterator[Child]:
    """A server of the test's own, which it may stop and start."""
    url = _url(port)
    command = servers.redis_command(port, tmp_path)
    server = Child("redis", command, {}, tmp_path / "log", lambda _: servers.redis_ready(url))
    server.start()
    server.wait_ready(60)
    yield server
    _stop(server)


@pytest.fixture
def moved(settings: Settings, port: int) -> Settings:
    """Settings that reach that server."""
    return settings.model_copy(update={"redis_url": _url(port)})


def _url(port: int) -> str:
    return f"redis://{servers.HOST}:{port}/0"


def _stop(server: Child) -> None:
    server.terminate()
    server.wait()


def test_what_is_due_is_sent_though_redis_was_away(own: Child, moved: Settings) -> None:
    with connect(moved.redis_url) as redis, receiving() as receiver, sending(moved):
        jobs, attempts = JobStore(redis), Attempts(redis, LIMITS, TTL)
        settled(redis, succeeded(jobs, attempts, receiver.url), DeliveryState.DELIVERED)
        _stop(own)
        own.start()
        own.wait_ready(60)
        settled(redis, succeeded(jobs, attempts, receiver.url), DeliveryState.DELIVERED)


def test_the_note_of_a_try_waits_for_redis(own: Child, moved: Settings) -> None:
    def restart(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        _stop(own)
        status(200)(handler, closing)
        own.start()

    with (
        connect(moved.redis_url) as redis,
        receiving(restart, status(500)) as receiver,
        sending(moved),
    ):
        job = succeeded(JobStore(redis), Attempts(redis, LIMITS, TTL), receiver.url)
        eventually(lambda: receiver.messages, 20, "the message")
        eventually(lambda: servers.redis_ready(moved.redis_url), 60, "Redis")
        assert statuses(settled(redis, job, DeliveryState.DELIVERED)) == [200]
