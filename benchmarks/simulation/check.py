"""The model against the real service, at 1, 2 and 4 workers, in one run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from random import Random
from statistics import fmean, median
from tempfile import TemporaryDirectory
from typing import Any

from simpy import Environment

from benchmarks.batch import trivial_network
from benchmarks.harness import Service, running
from benchmarks.pipeline import picture
from benchmarks.simulation.arrivals import at_once, poisson
from benchmarks.simulation.contention import slowdown
from benchmarks.simulation.cores import Cores
from benchmarks.simulation.driving import Others, at, have, measured, spent
from benchmarks.simulation.fleet import Fleet
from benchmarks.simulation.outcome import outcome
from benchmarks.simulation.shape import Shape
from benchmarks.simulation.work import Sharing, Work
from cli.stack import Stack
from cli.stack.child import Child
from core.cores import cores
from core.jobs import Job
from core.objects import ObjectRef
from core.settings import Settings
from models.catalogue import BUNDLED

COUNTS = (1, 2, 4)
WAIT_SECONDS = 0.15
LOAD = 0.6
"""Of what a stream of jobs could be at most."""
RUNS = 20
"""Of the simulation, each with other draws."""
CALIBRATION, BATCH, STREAM = 8.0, 5.0, 11.0
"""Seconds that each part takes, about: a machine that is slow has fewer jobs."""
ALONE = 12


@dataclass(frozen=True)
class Case:
    """A kind of service."""

    name: str
    make: Callable[..., Stack]
    settings: Settings
    megapixels: float


@dataclass(frozen=True)
class Model:
    """What is simulated."""

    shape: Shape
    slowdown: float
    """See ``contention``."""


class WaitingStack(Stack):
    """A stack whose workers wait instead of computing."""

    def _worker(self, number: int) -> Child:
        child = super()._worker(number)
        command = ["-m", "benchmarks.waiting_worker", *child.command[3:]]
        environment = {**child.environment, "WAIT_SECONDS": str(WAIT_SECONDS)}
        return replace(child, command=[child.command[0], *command], environment=environment)


def check() -> Sequence[dict[str, Any]]:
    """Measure and predict; return a row for each kind of service, load and number of workers."""
    one = {"concurrency": 1, "threads": 1, "log_level": "WARNING", "rate_limit": "none"}
    with TemporaryDirectory() as folder:
        trivial = str(trivial_network(Path(folder) / "trivial"))
        waiting = Settings(model=trivial, engine="opencv", **one)  # type: ignore[arg-type]
        computing = Settings(model=BUNDLED, **one)  # type: ignore[arg-type]
        cases = (
            Case("waits", WaitingStack, waiting, 0.1),
            Case("computes", Stack, computing, 1),
        )
        slower = slowdown()
        print(f"cores that all work are {slower:.2f} times as slow as one alone", flush=True)
        return [row for case in cases for row in _check(case, slower)]


def _check(case: Case, slower: float) -> Iterator[dict[str, Any]]:
    with running(case.settings, workers=0, make=case.make) as service:
        source = service.put("in/photo.jpg", picture(case.megapixels, "grey"))
        present = 0
        shape = None
        for count in COUNTS:
            while present < count:
                service.stack.add_worker()
                present += 1
            have(service, source, at_once(4 * count))
            shape = shape or _calibrated(service, source, case)
            for load in ("batch", "stream"):
                yield _compared(service, source, case, Model(shape, slower), count, load)


def _compared(
    service: Service, source: ObjectRef, case: Case, model: Model, count: int, load: str
) -> dict[str, Any]:
    """Measure a load, and predict it from the very moments at which its jobs came."""
    shape = model.shape
    most = min(count, cores() / model.slowdown / _core_seconds(shape) * _seconds(shape))
    if load == "batch":
        moments = list(at_once(round(BATCH * most / _seconds(shape))))
    else:
        rate = LOAD * most / _seconds(shape)
        moments = list(islice(poisson(rate, Random(count)), round(STREAM * rate)))  # noqa: S311
    watch = Others(service)
    jobs = have(service, source, iter(moments))
    others = watch.share()
    created = [at(job.created) for job in jobs]
    came = [moment - min(created) for moment in sorted(created)]
    simulated = [_simulate(model, came, count, seed) for seed in range(RUNS)]
    real = measured(jobs)
    predicted = {name: fmean(each[name] for each in simulated) for name in real}
    row: dict[str, Any] = {"case": case.name, "load": load, "workers": count, "jobs": len(jobs)}
    row |= {"real": real, "model": predicted, "others": others}
    row["errors"] = {name: predicted[name] / real[name] - 1 for name in real}
    print(
        f"{case.name:8} {load:6} {count} workers: "
        f"{real['jobs_per_second']:6.2f} jobs/s, predicted {predicted['jobs_per_second']:6.2f} "
        f"({100 * row['errors']['jobs_per_second']:+5.1f} %); from order to result "
        f"{real['sojourn'] * 1e3:6.0f} ms, predicted {predicted['sojourn'] * 1e3:6.0f} "
        f"({100 * row['errors']['sojourn']:+5.1f} %); "
        f"other processes took {100 * others:.0f} % of the cores",
        flush=True,
    )
    return row


def _seconds(shape: Shape) -> float:
    return fmean(work.total for work in shape.works)


def _core_seconds(shape: Shape) -> float:
    """Return the seconds of a core that a job takes, of all processes."""
    compute = fmean(work.compute for work in shape.works)
    around = _seconds(shape) - compute
    return compute * shape.sharing.compute + around * shape.sharing.around + shape.sharing.aside


def _calibrated(service: Service, source: ObjectRef, case: Case) -> Shape:
    """Measure jobs one after the other in one worker, and what all processes spend on them."""
    alone = [service.submit(source, f"alone/{n}.jpg", wait=60) for n in range(ALONE)]
    dispatch = median(job.timings.queued_ms or 0 for job in alone) / 1e3
    busy = spent(service)
    each = median(at(job.finished) - at(job.started) for job in alone)
    jobs = have(service, source, at_once(2 + round(CALIBRATION / each)))
    busy = (spent(service) - busy) / len(jobs)
    works = [_work(job, after) for job, after in pairwise(jobs)]
    compute = fmean(work.compute for work in works)
    around = fmean(work.total for work in works) - compute
    # What lies around the computation is work of this machine's processes, one after another.
    sharing = Sharing(
        compute=min(1.0, max(0.0, (busy - around) / compute)),
        around=1.0,
        aside=max(0.0, busy - around - compute),
    )
    print(
        f"{case.name}: {1e3 * (compute + around):.1f} ms a job, of which {1e3 * around:.1f} around "
        f"its computation; {1e3 * busy:.1f} ms of processor; {1e3 * dispatch:.1f} ms in the queue",
        flush=True,
    )
    return Shape(works, sharing=sharing, dispatch_seconds=dispatch)


def _work(job: Job, after: Job) -> Work:
    times = job.timings
    fetch, store = (times.fetch_ms or 0) / 1e3, (times.store_ms or 0) / 1e3
    run = at(job.finished) - at(job.started)
    return Work(fetch, run - fetch - store, store, at(after.started) - at(job.finished))


def _simulate(model: Model, came: Sequence[float], workers: int, seed: int) -> dict[str, float]:
    env = Environment()
    shared = Cores(env, cores(), model.slowdown)
    fleet = Fleet(env, model.shape, Random(seed), shared)  # noqa: S311
    for _ in range(workers):
        fleet.add_worker(0)
    fleet.submit_all(came, len(came))
    fleet.run()
    found = outcome(fleet)
    return {
        "jobs_per_second": found.jobs_per_second,
        "sojourn": found.sojourn,
        "wait": found.wait_mean,
    }
