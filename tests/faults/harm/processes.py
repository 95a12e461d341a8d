"""Harm to workers and the API."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cli.stack.child import Child
from core.jobs import Stage, State
from core.jobs.events import EventLog
from tests.faults.fleet import Fleet
from tests.faults.harm.registry import Harm, fault
from tests.faults.load import Load
from tests.support.waiting import eventually


def kill(pid: int) -> None:
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
            kill(_process_in(fleet, stage))

    return harm


for _stage in Stage:
    fault(f"child killed in {_stage}", longest=30.0)(_kill_in(_stage))


@fault("worker killed", longest=30.0)
def worker_killed(fleet: Fleet, load: Load) -> None:
    """Kill a whole worker, parent and children, and then the other."""
    for child in fleet.workers:
        pid = busy(fleet, child, load)
        child.kill()
        fleet.wait_ready(child, pid)


def busy(fleet: Fleet, child: Child, load: Load) -> int:
    """Wait until a worker works on a job that came after the call; return its process id.

    A worker that takes long to start may miss the whole load: there are more jobs then.
    """
    before = load.submitted()

    def works() -> bool:
        load.go_on()
        pids = set(fleet.pids(child))
        running, _ = fleet.jobs.list(State.RUNNING)
        new = (job for job in running if job.id not in before)
        return any(job.worker and int(job.worker.split(":")[1]) in pids for job in new)

    eventually(works, 60, f"work of {child.name}")
    assert child.pid
    return child.pid


@fault("rolling restart")
def rolling_restart(fleet: Fleet, load: Load) -> None:
    """Stop each worker by SIGTERM under load: it exits with 0, having lost nothing."""
    for child in fleet.workers:
        said = len(fleet.said)
        busy(fleet, child, load)
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


@fault("MemoryError in the pipeline", codes=frozenset({"out_of_memory"}))
def memory_error(fleet: Fleet, load: Load) -> None:
    """Two of ten attempts run out of memory; the worker's parent lives on."""
    with fleet.changed("worker-1", FAULTS="memory=0.2"):
        pid = fleet.child("worker-1").pid
        eventually(lambda: load.done, 90, "the end of the load")
        assert fleet.child("worker-1").pid == pid


@fault("clock of a worker an hour ahead", longest=90.0)
def wrong_clock(fleet: Fleet, load: Load) -> None:
    """Leases and waits go by Redis' clock; storage may refuse that worker, and another comes."""
    with fleet.changed("worker-1", FAULTS="clock=3600"):
        load.ended()
