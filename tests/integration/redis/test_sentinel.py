"""The whole service behind sentinels, while the primary dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack import Stack, StackOptions
from core.jobs import State
from core.redis_client import connect
from core.settings import Settings
from tests.integration.conftest import Service, running
from tests.support.images import encoded, gradient
from tests.support.receivers import receiving, status
from tests.support.redis_servers import Watched, watched
from tests.support.waiting import eventually
from tintype_client import Client
from webhooks.signature import make_secret

PASSWORD = "of-the-sentinels"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Watched]:
    with watched(tmp_path, PASSWORD) as servers:
        yield servers


@pytest.fixture
def behind(pair: Watched, tmp_path: Path) -> Iterator[tuple[Service, Stack]]:
    settings = Settings(
        redis_url=pair.url,
        redis_namespace="photos",
        webhook_secret=make_secret(),
        webhook_allow="127.0.0.1",
        downloads_dir=tmp_path / "downloads",
    )
    stack = Stack(StackOptions(tmp_path / "stack"), settings)
    with running(stack) as service:
        yield service, stack


def test_jobs_go_on_when_the_primary_dies(pair: Watched, behind: tuple[Service, Stack]) -> None:
    service, stack = behind
    before = {child.name: child.pid for child in stack.children}
    with (
        Client(service.url, patience=40, longest_pause=1) as client,
        receiving(status(200)) as receiver,
        connect(pair.url) as redis,
    ):
        jobs = [client.submit(encoded(gradient(seed=n)), webhook=receiver.url) for n in range(6)]
        assert redis.wait(1, 5000) == 1, "the replica has them"
        pair.primary.kill()
        jobs += [client.submit(encoded(gradient(seed=n)), webhook=receiver.url) for n in (6, 7)]
        ended = [client.wait(job, timeout=60) for job in jobs]
        assert {job.state for job in ended} == {State.SUCCEEDED}
        told = eventually(lambda: len(receiver.messages) >= len(jobs), 30, "all webhooks")
        assert told
        starts = {str(name).split(":")[0] for name in redis.scan_iter()}
        assert starts == {"{photos}", "photos"}, "the keys, and those of Celery"
        address = redis.connection_pool.get_connection()
        assert address.port == pair.replica
        redis.connection_pool.release(address)
    assert {child.name: child.pid for child in stack.children} == before, "nothing was restarted"
