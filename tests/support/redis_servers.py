"""Redis servers as fleets have them: a cluster, and a primary with a replica and sentinels."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis

from cli.stack import servers
from cli.stack.child import Child
from tests.support.waiting import eventually

START_SECONDS = 60.0
SLOTS = 16384
SERVICE = "photos"


def url(port: int) -> str:
    """Return where a server of this machine is."""
    return f"redis://{servers.HOST}:{port}/0"


def client(port: int, **options: Any) -> Redis:
    """Return a client of one server, whatever stands before it."""
    return Redis(host=servers.HOST, port=port, decode_responses=True, **options)


@contextmanager
def serving(folder: Path, *options: str, port: int | None = None) -> Iterator[tuple[Child, int]]:
    """Run a server with more options; gives it and its port."""
    port = port or servers.free_port()
    home = folder / f"redis-{port}"
    home.mkdir(parents=True)
    # Replicas come at once, not after five seconds.
    command = [*servers.redis_command(port, home), "--repl-diskless-sync-delay", "0", *options]
    server = Child(home.name, command, {}, home / "log", lambda _: servers.port_open(port))
    server.start()
    try:
        server.wait_ready(START_SECONDS)
        yield server, port
    finally:
        server.kill()
        server.wait()


@contextmanager
def cluster(folder: Path, nodes: int = 3, *options: str, **login: str) -> Iterator[Sequence[int]]:
    """Run a cluster that shares the slots evenly; gives its ports."""
    with ExitStack() as stack:
        ports = []
        for _ in range(nodes):
            _, port = stack.enter_context(serving(folder, *bus(), *options))
            ports.append(port)
        clients = [stack.enter_context(client(port, **login)) for port in ports]
        share = SLOTS // nodes + 1
        for number, node in enumerate(clients):
            last = min(SLOTS, (number + 1) * share) - 1
            node.cluster("ADDSLOTSRANGE", number * share, last)
            meet(clients[0], node, ports[number])
        eventually(lambda: all(map(_is_whole, clients)), 30, "the cluster")
        yield ports


def bus() -> Sequence[str]:
    """Return the options of one more node of a cluster."""
    return ("--cluster-enabled", "yes", "--cluster-port", str(servers.free_port()))


def meet(node: Redis, other: Redis, port: int) -> None:
    """Have two nodes of a cluster know one another; ``port`` is the other's."""
    node.cluster("MEET", servers.HOST, port, other.config_get("cluster-port")["cluster-port"])


def _is_whole(node: Redis) -> bool:
    info: Any = node.cluster("INFO")
    return bool(info["cluster_state"] == "ok")


@dataclass(frozen=True)
class Watched:
    """A primary and its replica, which sentinels watch."""

    primary: Child
    replica: int
    """Its port."""
    url: str


@contextmanager
def watched(folder: Path, password: str = "") -> Iterator[Watched]:
    """Run a primary, a replica and three sentinels of which two must agree."""
    with ExitStack() as stack:
        primary, port = stack.enter_context(serving(folder))
        follow = ("--replicaof", f"{servers.HOST} {port}")
        _, replica = stack.enter_context(serving(folder, *follow))
        ports = [stack.enter_context(_sentinel(folder, port, password)) for _ in range(3)]
        clients = [stack.enter_context(client(port, password=password or None)) for port in ports]
        eventually(lambda: all(map(_knows_all, clients)), 30, "the sentinels' view")
        nodes = ",".join(f"{servers.HOST}:{each}" for each in ports)
        login = f"?sentinel_password={password}" if password else ""
        yield Watched(primary, replica, f"redis+sentinel://{nodes}/{SERVICE}/0{login}")


@contextmanager
def _sentinel(folder: Path, primary: int, password: str) -> Iterator[int]:
    port = servers.free_port()
    file = folder / f"sentinel-{port}.conf"
    lines = [
        f"port {port}",
        f"bind {servers.HOST}",
        f"dir {folder}",
        f"sentinel monitor {SERVICE} {servers.HOST} {primary} 2",
        f"sentinel down-after-milliseconds {SERVICE} 1000",
        f"sentinel failover-timeout {SERVICE} 4000",
        *([f"requirepass {password}", f"sentinel sentinel-pass {password}"] if password else []),
    ]
    file.write_text("\n".join(lines))
    binary = servers.redis_command(port, folder)[0]
    command = [binary, str(file), "--sentinel"]
    child = Child(
        file.stem, command, {}, folder / f"{file.stem}.log", lambda _: servers.port_open(port)
    )
    child.start()
    try:
        child.wait_ready(START_SECONDS)
        yield port
    finally:
        child.kill()
        child.wait()


def _knows_all(sentinel: Redis) -> bool:
    known: Any = sentinel.sentinel_master(SERVICE)
    replicas: Any = sentinel.sentinel_slaves(SERVICE)
    peers = int(known["num-other-sentinels"]) == 2
    return peers and bool(replicas) and replicas[0]["master-link-status"] == "ok"
