"""TLS before Redis: who is believed, and who has to show a certificate."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from api.publisher import Publisher
from cli.stack import servers
from core.broker import QUEUES
from core.errors import QueueUnavailable
from core.jobs import Attempts, JobStore, Priority, State
from core.servers import connect_broker, connect_state
from core.settings import Settings
from tests.conftest import LIMITS, TTL
from tests.support.jobs import REQUEST, RESULT
from tests.support.redis_servers import cluster, serving
from tests.support.tls import Authority, Pair, tls_before


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder, "authority")


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.issue("server")


@pytest.fixture(scope="module")
def port(folder: Path, pair: Pair) -> Iterator[int]:
    with serving(folder) as (_, plain), tls_before(plain, pair) as port:
        yield port


def settings(port: int, **more: object) -> Settings:
    return Settings.model_validate({"redis_url": f"rediss://127.0.0.1:{port}/0", **more})


def test_the_authority_of_the_setting_is_believed(port: int, authority: Authority) -> None:
    trusting = settings(port, redis_ca=authority.file)
    with connect_state(trusting) as redis:
        jobs, attempts = JobStore(redis), Attempts(redis, LIMITS, TTL)
        job = jobs.create(REQUEST)
        Publisher(trusting).publish(job)
        attempt = attempts.start(job.id, "worker")
        assert attempt
        assert attempts.succeed(attempt, RESULT)
        assert jobs.get(job.id).state is State.SUCCEEDED
    with connect_broker(trusting) as broker:
        assert broker.llen(QUEUES[Priority.NORMAL]) == 1


def test_another_authority_is_not_believed(port: int, folder: Path) -> None:
    other = Authority(folder, "other")
    for wrong in (settings(port, redis_ca=other.file), settings(port)):
        with (
            connect_state(wrong, patience=0.1) as redis,
            pytest.raises(QueueUnavailable, match="certificate verify failed"),
        ):
            JobStore(redis).ping()


def test_the_name_is_checked(folder: Path, authority: Authority) -> None:
    elsewhere = authority.issue("elsewhere", "127.0.0.2")
    with (
        serving(folder) as (_, plain),
        tls_before(plain, elsewhere) as port,
        connect_state(settings(port, redis_ca=authority.file), patience=0.1) as redis,
        pytest.raises(RedisConnectionError, match="IP address mismatch"),
    ):
        redis.ping()


def test_a_server_may_ask_for_a_certificate(folder: Path, authority: Authority, pair: Pair) -> None:
    own = authority.issue("own")
    with serving(folder) as (_, plain), tls_before(plain, pair, authority.file) as port:
        known = {"redis_ca": authority.file}
        shown = {**known, "redis_cert": own.certificate, "redis_cert_key": own.key}
        with connect_state(settings(port, **shown)) as redis:
            assert redis.ping()
        with (
            connect_state(settings(port, **known), patience=0.1) as redis,
            pytest.raises(RedisConnectionError),
        ):
            redis.ping()


def test_a_cluster_with_tls(folder: Path, authority: Authority, pair: Pair) -> None:
    front = servers.free_port()
    with ExitStack() as stack:
        announce = ("--cluster-announce-port", str(front), "--cluster-announce-ip", "127.0.0.1")
        (plain,) = stack.enter_context(cluster(folder, 1, *announce))
        stack.enter_context(tls_before(plain, pair, own=front))
        url = f"rediss+cluster://127.0.0.1:{front}"
        trusting = Settings(
            redis_url=url, redis_ca=authority.file, broker_url="redis://127.0.0.1:1"
        )
        redis = stack.enter_context(connect_state(trusting))
        job = JobStore(redis).create(REQUEST)
        assert JobStore(redis).get(job.id).state is State.QUEUED
