"""Harm to Redis, and on the way to it."""

import os
import random
import signal
import time

from core.jobs import State
from tests.faults.fleet import Fleet
from tests.faults.harm.processes import busy
from tests.faults.harm.registry import fault
from tests.faults.load import Load
from tests.faults.proxy import Proxy
from tests.support.waiting import eventually


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
            busy(fleet, fleet.child("worker-1"), load)
            proxy.freeze()
            eventually(lambda: load.done, 90, "the end of the load")
            busy(fleet, fleet.child("worker-1"), load)
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
