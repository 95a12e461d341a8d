"""A cluster in which the slot of an installation moves, and installations that share a Redis."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.crc import key_slot

from api.publisher import Publisher
from core import namespace
from core.broker import QUEUES, key_prefix
from core.errors import QueueUnavailable
from core.jobs import Attempts, Job, JobStore, State
from core.jobs.events import FIRST, EventLog
from core.queues import Queues
from core.redis_client import connect, reachable
from core.settings import Settings
from tests.conftest import LIMITS, TTL
from tests.support.jobs import REQUEST, RESULT
from tests.support.redis_servers import SLOTS, bus, client, cluster, meet, serving
from tests.support.waiting import eventually


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[list[int]]:
    with cluster(tmp_path, 2) as ports:
        yield [*ports]


@pytest.fixture
def nodes(ports: list[int]) -> Iterator[list[Redis]]:
    clients = [client(port) for port in ports]
    yield clients
    for each in clients:
        each.close()


def of_cluster(ports: list[int], patience: float = 2) -> Redis:
    nodes = ",".join(f"127.0.0.1:{port}" for port in ports)
    return connect(f"redis+cluster://{nodes}", patience)


def test_the_slot_goes_to_another_node(ports: list[int], nodes: list[Redis]) -> None:
    slot = key_slot(namespace.prefix().encode())
    names = [str(node.cluster("MYID")) for node in nodes]
    has = 0 if slot <= SLOTS // 2 else 1
    gets = 1 - has
    with of_cluster(ports) as redis:
        jobs, attempts, log = JobStore(redis), Attempts(redis, LIMITS, TTL), EventLog(redis)
        attempt = attempts.start(jobs.create(REQUEST).id, "worker")
        assert attempt
        nodes[gets].cluster("SETSLOT", slot, "IMPORTING", names[has])
        nodes[has].cluster("SETSLOT", slot, "MIGRATING", names[gets])
        keys = nodes[has].cluster("GETKEYSINSLOT", slot, 1000)
        nodes[has].migrate("127.0.0.1", ports[gets], keys, 0, 5000)
        with pytest.raises(QueueUnavailable, match="not the primary"):
            attempts.renew(attempt)
        for each in (gets, has):
            nodes[each].cluster("SETSLOT", slot, "NODE", names[gets])
        assert attempts.renew(attempt)
        assert attempts.succeed(attempt, RESULT)
        assert [event.state for event in log.after(FIRST, 0.1)][-1] is State.SUCCEEDED
        assert len(jobs.list(State.SUCCEEDED)[0]) == 1


def test_the_replica_takes_over(tmp_path: Path) -> None:
    with ExitStack() as stack:
        (port,) = stack.enter_context(cluster(tmp_path, 1))
        second = stack.enter_context(serving(tmp_path, *bus()))[1]
        primary, replica = (stack.enter_context(client(each)) for each in (port, second))
        meet(primary, replica, second)
        name = str(primary.cluster("MYID"))
        eventually(lambda: name in str(replica.cluster("NODES")), 10, "the meeting")
        replica.cluster("REPLICATE", name)
        redis = stack.enter_context(of_cluster([port, second], patience=0.5))
        jobs = JobStore(redis)
        job = jobs.create(REQUEST)
        eventually(lambda: redis.wait(1, 1000) == 1, 20, "replication")
        os.kill(primary.info("server")["process_id"], signal.SIGKILL)
        with pytest.raises(QueueUnavailable):
            jobs.get(job.id)
        replica.cluster("FAILOVER", "TAKEOVER")
        eventually(lambda: finds(jobs, job), 10, "the replica")
        assert jobs.create(REQUEST).state is State.QUEUED


def finds(jobs: JobStore, job: Job) -> bool:
    with suppress(QueueUnavailable):
        return jobs.get(job.id) == job
    return False


def test_a_server_that_is_no_primary_any_more_is_connected_to_anew(redis_url: str) -> None:
    with connect(redis_url, patience=0.5) as client, connect(redis_url) as operator:
        before = client.client_id()
        operator.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            with pytest.raises(QueueUnavailable, match="not the primary"), reachable():
                client.set("a", "b")
        finally:
            operator.execute_command("REPLICAOF", "NO", "ONE")
        assert client.set("a", "b")
        assert client.client_id() != before


def test_two_installations_do_not_meet(redis: Redis, redis_url: str) -> None:
    jobs, log = JobStore(redis), EventLog(redis)
    ours = jobs.create(REQUEST)
    namespace.use("other")
    assert jobs.list()[0] == []
    theirs = jobs.create(REQUEST)
    assert [job.id for job in jobs.list()[0]] == [theirs.id]
    namespace.use(namespace.NAMESPACE)
    assert [job.id for job in jobs.list()[0]] == [ours.id]
    assert {event.job for event in log.after(FIRST, 0.1)} == {ours.id}
    for name in ("tintype", "other"):
        settings = Settings(redis_url=redis_url, redis_namespace=name)
        Publisher(settings).publish(ours)
        queues = Queues(redis, [QUEUES[ours.priority]], prefix=key_prefix(settings))
        assert queues.lengths() == [1], "a message of its own"
    starts = {str(name).split(":")[0] for name in redis.scan_iter("{*")}
    assert starts == {"{tintype}", "{other}"}
