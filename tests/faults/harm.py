"""Ways to do harm, each while jobs are being submitted and worked on."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cli.stack import servers
from cli.stack.child import Child
from core.jobs import Stage, State
from core.jobs.deliveries import Deliveries, DeliveryState
from core.jobs.events import EventLog
from tests.faults.fleet import Fleet
from tests.faults.load import Load
from tests.faults.proxy import Proxy, Weather
from tests.support.receivers import hang, receiving, status
from tests.support.waiting import eventually

Harm = Callable[[Fleet, Load], None]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and the load under which it does."""

    name: str
    harm: Harm
    load: dict[str, Any] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    """With which some jobs may fail."""
    must_fail: int = 0
    """How many do."""
    longest: float = 60.0
    """Seconds that the slowest job may take."""


FAULTS: dict[str, Fault] = {}


def fault(name: str, **options: Any) -> Callable[[Harm], Harm]:
    """Register a function as a fault."""

    def register(harm: Harm) -> Harm:
        FAULTS[name] = Fault(name, harm, **options)
        return harm

    return register


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _process_in(fleet: Fleet, stage: Stage, seconds: float = 30) -> int:
    """Return a worker's child that is in a stage of a job, stopped there (SIGSTOP)."""
    events = EventLog(fleet.redis)
    position = events.last_id()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for event in events.after(position, 0.5):
            position = event.id
            if event.stage is stage:
                job = fleet.jobs.get(event.job)
                if job.worker and job.stage is stage:
                    pid = int(job.worker.split(":")[1])
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGSTOP)
                        if fleet.jobs.get(event.job).stage is stage:
                            return pid
                        os.kill(pid, signal.SIGCONT)
    raise AssertionError(f"no process was seen in the stage {stage}")


def _kill_in(stage: Stage) -> Harm:
    def harm(fleet: Fleet, _load: Load) -> None:
        for _ in range(3):
            _kill(_process_in(fleet, stage))

    return harm


for _stage in Stage:
    fault(f"child killed in {_stage}", longest=30.0)(_kill_in(_stage))


@fault("worker killed", longest=30.0)
def worker_killed(fleet: Fleet, _load: Load) -> None:
    """Kill a whole worker, parent and children, and then the other."""
    for child in fleet.workers:
        pid = _busy(fleet, child)
        child.kill()
        fleet.wait_ready(child, pid)


def _busy(fleet: Fleet, child: Child) -> int:
    """Wait until a worker works; return its process id."""

    def works() -> bool:
        pids = set(fleet.pids(child))
        running, _ = fleet.jobs.list(State.RUNNING)
        return any(job.worker and int(job.worker.split(":")[1]) in pids for job in running)

    eventually(works, 30, f"work of {child.name}")
    assert child.pid
    return child.pid


@fault("rolling restart")
def rolling_restart(fleet: Fleet, _load: Load) -> None:
    """Stop each worker by SIGTERM under load: it exits with 0, having lost nothing."""
    for child in fleet.workers:
        said = len(fleet.said)
        _busy(fleet, child)
        fleet.restart(child, dict(child.environment))
        assert any("exit code 0" in line for line in fleet.said[said:]), fleet.said


@fault("worker frozen for longer than its lease")
def worker_frozen(fleet: Fleet, _load: Load) -> None:
    """What a frozen worker still does when it wakes up is refused."""
    child = fleet.workers[0]
    with _frozen_in(fleet, child) as job_id:
        eventually(lambda: fleet.jobs.get(job_id).attempt > 1, 30, "another attempt")
    assert fleet.jobs.get(job_id).attempt > 1


@contextmanager
def _frozen_in(fleet: Fleet, child: Child) -> Iterator[str]:
    """Freeze a worker in the middle of a job; yield the job's id."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        pids = {f"{pid}" for pid in fleet.pids(child)}
        with fleet.frozen(child):
            running, _ = fleet.jobs.list(State.RUNNING)
            held = [job for job in running if job.worker and job.worker.split(":")[1] in pids]
            if held:
                yield held[0].id
                return
        time.sleep(0.01)
    raise AssertionError(f"{child.name} never worked")


@fault("API killed between record and queue")
def api_killed(fleet: Fleet, load: Load) -> None:
    """Two of ten orders kill the process that takes them; clients ask again."""
    with fleet.changed("api", FAULTS="publish=0.2"):
        eventually(lambda: load.done, 90, "the end of the load")


@fault("Redis killed and restarted", longest=40.0)
def redis_killed(fleet: Fleet, _load: Load) -> None:
    """Twice."""
    for _ in range(2):
        time.sleep(random.uniform(1, 2))
        fleet.redis_server.kill()
        fleet.redis_server.wait()
        time.sleep(random.uniform(0, 1))
        fleet.redis_server.start()
        fleet.redis_server.wait_ready(30)


@fault("Redis paused for 10 s", longest=40.0)
def redis_paused(fleet: Fleet, _load: Load) -> None:
    """No answer, and no error either."""
    time.sleep(1)
    assert fleet.redis_server.pid
    os.kill(fleet.redis_server.pid, signal.SIGSTOP)
    time.sleep(10)
    os.kill(fleet.redis_server.pid, signal.SIGCONT)


@fault("half-open connection to Redis", longest=40.0)
def half_open(fleet: Fleet, load: Load) -> None:
    """One worker's packets vanish; its jobs go to the other, and it comes back by itself."""
    port = int(fleet.redis_url.split(":")[-1].split("/")[0])
    proxy = Proxy(port)
    url = f"redis://127.0.0.1:{proxy.port}/0"
    try:
        with fleet.changed("worker-1", TINTYPE_REDIS_URL=url):
            _busy(fleet, fleet.child("worker-1"))
            proxy.freeze()
            eventually(lambda: load.done, 90, "the end of the load")
            later = Load(fleet, rate=5)
            later.prepare()
            later.start()
            _busy(fleet, fleet.child("worker-1"))
            load.more.append(later)
            later.ended()
    finally:
        proxy.close()


@fault("worker killed with messages on the way (BRPOP)", longest=40.0)
def brpop(fleet: Fleet, load: Load) -> None:
    """Redis pops messages for workers that do not read any more, and are killed then."""
    eventually(lambda: load.done, 90, "the end of the load")
    eventually(lambda: not fleet.jobs.count(State.RUNNING), 60, "idle workers")
    late = Load(fleet, 10)
    late.prepare()
    pids = [child.pid or 0 for child in fleet.workers]
    with fleet.frozen(*fleet.workers):
        late.start()
        eventually(lambda: late.done, 30, "the end of the second load")
        for child in fleet.workers:
            child.kill()
    for child, pid in zip(fleet.workers, pids, strict=True):
        fleet.wait_ready(child, pid)
    load.more.append(late)


@fault("MemoryError in the pipeline", codes=frozenset({"out_of_memory"}))
def memory_error(fleet: Fleet, load: Load) -> None:
    """Two of ten attempts run out of memory; the worker's parent lives on."""
    with fleet.changed("worker-1", FAULTS="memory=0.2"):
        pid = fleet.child("worker-1").pid
        eventually(lambda: load.done, 90, "the end of the load")
        assert fleet.child("worker-1").pid == pid


@fault("S3 down for 20 s", longest=60.0)
def s3_down(fleet: Fleet, _load: Load) -> None:
    """Connections are refused."""
    time.sleep(1)
    fleet.s3_server.kill()
    fleet.s3_server.wait()
    time.sleep(20)
    fleet.s3_server.start()
    fleet.s3_server.wait_ready(30)


def _weather(seconds: float, **weather: Any) -> Harm:
    def harm(fleet: Fleet, _load: Load) -> None:
        with fleet.s3_proxy.bad(Weather(**weather)):
            time.sleep(seconds)

    return harm


fault("S3 slow, 0.2 to 5 s")(_weather(15, slow=(0.2, 5)))
fault("S3 answers 503 half of the time", longest=90.0)(_weather(15, busy=0.5))
fault("connections to S3 cut in mid-body", longest=90.0)(_weather(15, cuts=0.5))


@fault("result deleted before a cached answer")
def result_deleted(fleet: Fleet, load: Load) -> None:
    """A result is there for whoever asks again, whether or not it can be taken from the cache."""
    first = load.ended()
    for job in first[::2]:
        assert job.destination
        fleet.storage._client.delete_object(Bucket=job.destination.bucket, Key=job.destination.key)
    again = [fleet.jobs.get(_submit(fleet, job.source.model_dump())) for job in first]
    ended = eventually(lambda: _all_ended(fleet, [job.id for job in again]), 60, "the end") or []
    assert all(job.state is State.SUCCEEDED for job in ended)
    assert [job.cached for job in ended] == [number % 2 == 1 for number in range(len(first))]


def _submit(fleet: Fleet, source: dict[str, str], **headers: str) -> str:
    import urllib3

    answer = urllib3.request(
        "POST", f"{fleet.url}/v1/jobs", json={"source": source}, headers=headers, timeout=10
    )
    assert answer.status in (200, 202), answer.data
    return str(answer.json()["id"])


def _all_ended(fleet: Fleet, ids: list[str]) -> list[Any] | None:
    jobs = [fleet.jobs.get(job_id) for job_id in ids]
    return jobs if all(job.state.final for job in jobs) else None


@fault(
    "poison image among good ones",
    load={"poison": [b"POISON"]},
    codes=frozenset({"worker_lost"}),
    must_fail=1,
)
def poison(fleet: Fleet, load: Load) -> None:
    """An image that kills its process takes down its own attempts and no more."""
    with fleet.changed("worker-1", FAULTS="poison=1"), fleet.changed("worker-2", FAULTS="poison=1"):
        jobs = load.ended()
        [dead] = [job for job in jobs if job.state is State.FAILED]
        assert dead.attempt == fleet.settings.max_attempts
        assert dead.source.key.endswith(f"{load.count:04}.jpg")


@fault("disk full when results are stored", load={"order": {"options": {"format": "png"}}})
def disk_full(fleet: Fleet, _load: Load) -> None:
    """Files may not grow over one kilobyte for a while; results are larger."""
    command = fleet.s3_server.command
    _restart_s3(fleet, ["sh", "-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "sh", *command])
    time.sleep(10)
    _restart_s3(fleet, list(command))


def _restart_s3(fleet: Fleet, command: list[str]) -> None:
    fleet.s3_server.kill()
    fleet.s3_server.wait()
    fleet.s3_server.command = command
    fleet.s3_server.start()
    fleet.s3_server.wait_ready(30)


@fault("clock of a worker an hour ahead", longest=90.0)
def wrong_clock(fleet: Fleet, load: Load) -> None:
    """Leases and waits go by Redis' clock; storage may refuse that worker, and another comes."""
    with fleet.changed("worker-1", FAULTS="clock=3600"):
        load.ended()


@fault("50 equal orders at once")
def equal_orders(fleet: Fleet, load: Load) -> None:
    """One key, one job."""
    from concurrent.futures import ThreadPoolExecutor

    source = load._source(0).model_dump()
    key = {"Idempotency-Key": f"equal-{random.getrandbits(64)}"}
    with ThreadPoolExecutor(50) as pool:
        ids = list(pool.map(lambda _: _submit(fleet, source, **key), range(50)))
    assert len(set(ids)) == 1


@fault("webhook receiver down, slow, failing, then well")
def webhooks(fleet: Fleet, load: Load) -> None:
    """A dead receiver delays no job, and is told everything once it is well."""
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}/hook"
    told = Load(fleet, 100, order={"webhook": {"url": url}})
    load.more.append(told)
    told.prepare()
    told.start()
    time.sleep(2)
    ill = [hang, hang, *[status(500)] * 30]
    with receiving(*ill, status(200), port=port) as receiver:
        ids = [job.id for job in told.ended()]
        eventually(lambda: _all_told(fleet, ids), 60, "the delivery of all webhooks")
    heard = [
        message.headers["webhook-id"].split(".")[0] for message in receiver.messages[len(ill) :]
    ]
    assert sorted(heard) == sorted(ids)


def _all_told(fleet: Fleet, ids: list[str]) -> bool:
    """Ask for what waits after a failed try to be sent now; whether nothing is left."""
    deliveries = Deliveries(fleet.redis)
    found = [each for job_id in ids for each in deliveries.of_job(job_id)]
    for each in found:
        if each.state is DeliveryState.PENDING and len(each.tries) > 1:
            deliveries.redeliver(each.id)
    return len(found) == len(ids) and all(each.state is DeliveryState.DELIVERED for each in found)


@fault("jobs canceled at random", codes=frozenset())
def canceled(fleet: Fleet, load: Load) -> None:
    """Cancelled jobs leave no result, whatever they were doing."""
    import urllib3

    while not load.done:
        for job_id in load.ids[-3:]:
            answer = urllib3.request(
                "POST", f"{fleet.url}/v1/jobs/{job_id}/cancel", timeout=10, retries=False
            )
            assert answer.status in (200, 202, 409)
        time.sleep(random.uniform(0, 0.1))
    assert any(job.state is State.CANCELED for job in load.ended())
