"""Fixtures for all tests: no setting leaks in, and real servers where users have real ones."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from cli.stack import servers
from cli.stack.child import Child
from core import namespace
from core.errors import StackError
from core.jobs import Attempts, JobStore, Limits
from core.redis_client import connect
from core.settings import Settings
from core.storage import Storage

START_SECONDS = 60.0


@pytest.fixture(scope="session", autouse=True)
def no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests see no TINTYPE_ variable of the shell, and keep no compiled network for the user."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith("TINTYPE_") and name != "TINTYPE_REQUIRE_SERVERS":
                patch.delenv(name)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def no_networks_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests see no network that the user has pulled."""
    monkeypatch.setenv("TINTYPE_DOWNLOADS_DIR", str(tmp_path / "downloads"))


@pytest.fixture(autouse=True)
def one_installation() -> Iterator[None]:
    """What a test does as another installation ends with it."""
    yield
    namespace.use(namespace.NAMESPACE)


def missing(error: StackError) -> None:
    """Skip a test whose server is not installed; in CI that is a failure."""
    if os.environ.get("CI") or os.environ.get("TINTYPE_REQUIRE_SERVERS"):
        pytest.fail(f"a server is missing: {error}")
    pytest.skip(str(error))


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey (or Redis) server of the session's own."""
    folder, port = tmp_path_factory.mktemp("redis"), servers.free_port()
    url = f"redis://{servers.HOST}:{port}/0"
    try:
        command = servers.redis_command(port, folder)
    except StackError as error:
        missing(error)
    server = Child("redis", command, {}, folder / "log", lambda _: servers.redis_ready(url))
    server.start()
    server.wait_ready(START_SECONDS)
    yield url
    server.terminate()
    server.wait()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of an empty database."""
    with connect(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def jobs(redis: Redis) -> JobStore:
    """The job store on an empty database."""
    return JobStore(redis)


LIMITS = Limits(attempts=3, timeout=120, patience=3600)
TTL = 3600.0


@pytest.fixture
def attempts(redis: Redis) -> Attempts:
    """What workers do with jobs, on the same database."""
    return Attempts(redis, LIMITS, TTL)


@pytest.fixture(scope="session")
def s3_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings that reach an S3 server of the session's own; the bucket ``tintype`` exists."""
    folder, port = tmp_path_factory.mktemp("s3"), servers.free_port()
    keys = servers.S3Keys("test-access-key", "test-secret-key")
    try:
        command = servers.s3_command(port, folder)
    except StackError as error:
        missing(error)
    environment = servers.s3_environment(keys)
    server = Child("s3", command, environment, folder / "log", lambda _: servers.port_open(port))
    server.start()
    server.wait_ready(START_SECONDS)
    settings = Settings(
        s3_endpoint=f"http://{servers.HOST}:{port}",
        s3_access_key=keys.access_key,
        s3_secret_key=keys.secret_key,
    )
    Storage(settings).ensure_bucket(settings.bucket)
    yield settings
    server.terminate()
    server.wait()


@pytest.fixture
def storage(s3_settings: Settings) -> Storage:
    """The storage of a real S3 server."""
    return Storage(s3_settings)


@pytest.fixture
def closed_port() -> int:
    """A port of loopback on which nothing listens."""
    return servers.free_port()
