"""Having the real service work, and watching what the machine does meanwhile."""

import os
import time
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

import psutil

from benchmarks.harness import LIMIT, Service
from cli.measuring.service import processor_seconds
from core.cores import cores
from core.jobs import Job, State
from core.objects import ObjectRef


class Others:
    """Watches how much of the cores processes take that have nothing to do with it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._began = time.monotonic()
        self._all, self._ours = self._used()

    def share(self) -> float:
        """Return their share of the cores since the watch began."""
        used, ours = self._used()
        others = (used - self._all) - (ours - self._ours)
        return max(0.0, others / (time.monotonic() - self._began) / cores())

    def _used(self) -> tuple[float, float]:
        times = psutil.cpu_times()
        return times.user + times.system + times.nice, spent(self._service)


def spent(service: Service) -> float:
    """Return the processor time of the service and of this process so far."""
    pids = [child.pid for child in service.stack.children if child.pid]
    own = os.times()
    return own.user + own.system + sum(processor_seconds(psutil.Process(pid)) for pid in pids)


def have(service: Service, source: ObjectRef, moments: Iterator[float]) -> Sequence[Job]:
    """Submit jobs at their moments; return them when all have ended, as they were started."""
    began = time.monotonic()
    submitted: list[str] = []
    for moment in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        key = f"out/{len(submitted)}.jpg"
        submitted.append(service.submit(source, key).id)
    deadline = time.monotonic() + LIMIT
    while service.store.count(State.QUEUED) + service.store.count(State.RUNNING):
        if time.monotonic() > deadline:
            raise RuntimeError("jobs hang; see the workers' logs")
        time.sleep(0.05)
    jobs = [service.store.get(job) for job in submitted]
    if failed := [job for job in jobs if job.state is not State.SUCCEEDED]:
        raise RuntimeError(f"a job did not succeed: {failed[0].error}")
    return sorted(jobs, key=lambda job: at(job.started))


def at(moment: Any) -> float:
    """Return a moment of a record in seconds."""
    return float(moment.timestamp())


def measured(jobs: Sequence[Job]) -> dict[str, float]:
    """Return what jobs came to."""
    finished = [at(job.finished) for job in jobs]
    return {
        "jobs_per_second": (len(jobs) - 1) / (max(finished) - min(finished)),
        "sojourn": fmean(at(job.finished) - at(job.created) for job in jobs),
        "wait": fmean(at(job.started) - at(job.created) for job in jobs),
    }
