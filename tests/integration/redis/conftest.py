"""The whole service over a cluster, each part with a user of its own that may do little."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from redis import Redis

from cli.stack import Stack, StackOptions
from cli.stack.child import Child
from core.keys import ALL_SCOPES, KeyRequest, KeyStore
from core.redis_client import connect
from core.settings import Settings
from tests.integration.conftest import Service, running
from tests.support.redis_servers import client, cluster, serving
from webhooks.signature import make_secret

ADMIN = "admin"
USERS = Path(__file__).parents[3] / "infra" / "redis" / "users.acl"


def users_file(folder: Path) -> Path:
    """Fill the file that operators load: each user's password is its name, and one may do all."""
    written = re.sub(
        r"#(\S+)-SHA256",
        lambda match: "#" + sha256(match[1].lower().encode()).hexdigest(),
        USERS.read_text(),
    )
    file = folder / "users.acl"
    file.write_text(f"{written}user {ADMIN} on nopass ~* &* +@all\n")
    return file


class StackOfUsers(Stack):
    """``tintype up`` whose API, workers and webhooks log in as different users."""

    def _child(
        self,
        name: str,
        command: list[str],
        environment: dict[str, str],
        ready: Callable[[int], bool],
        grace: float = 10.0,
    ) -> Child:
        kind = name.split("-", maxsplit=1)[0]
        if kind in {"worker", "webhooks"}:
            url = environment["TINTYPE_REDIS_URL"].replace("tintype-api", f"tintype-{kind}")
            environment = {**environment, "TINTYPE_REDIS_URL": url}
        return super()._child(name, command, environment, ready, grace)


@dataclass(frozen=True)
class Guarded:
    """A running service, and the servers behind it as an administrator sees them."""

    service: Service
    stack: Stack
    token: str
    nodes: list[Redis]
    broker: Redis
    state: Redis


@pytest.fixture(scope="package")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    acl = ("--aclfile", str(users_file(folder)), "--enable-debug-command", "yes")
    as_admin = {"username": ADMIN, "password": "any"}
    with ExitStack() as stack:
        ports = stack.enter_context(cluster(folder, 3, *acl, **as_admin))
        _, broker = stack.enter_context(serving(folder, *acl))
        nodes = ",".join(f"127.0.0.1:{port}" for port in ports)
        state = f"redis+cluster://{ADMIN}:any@{nodes}"
        settings = Settings(
            redis_url=state.replace(f"{ADMIN}:any", "tintype-api:tintype-api"),
            broker_url=f"redis://tintype-broker:tintype-broker@127.0.0.1:{broker}/0",
            keys="required",
            webhook_secret=make_secret(),
            webhook_allow="127.0.0.1",
            downloads_dir=folder / "downloads",
        )
        everything = stack.enter_context(connect(state))
        clients = [stack.enter_context(client(port, **as_admin)) for port in (*ports, broker)]
        _, token = KeyStore(everything).create(KeyRequest(name="test", scopes=ALL_SCOPES))
        services = StackOfUsers(StackOptions(folder / "stack"), settings)
        service = stack.enter_context(running(services))
        *cluster_nodes, at_broker = clients
        yield Guarded(service, services, token, cluster_nodes, at_broker, everything)
