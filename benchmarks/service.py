"""The whole service, HTTP to Redis to worker to S3, beside loops that only call the pipeline."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click
import cv2
import numpy as np
import psutil
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks import report
from benchmarks.classic import classic
from benchmarks.full_size import full_size_model
from benchmarks.harness import Service, running
from benchmarks.pipeline import picture
from core.cores import cores
from core.jobs import Job, Options
from core.objects import ObjectRef
from core.settings import Settings
from models import Catalogue, Model
from models.catalogue import BUNDLED
from worker.engines import load_engine
from worker.engines.caffe import MEAN_AB, read_caffe
from worker.processing import process

RATE, WARM, REQUESTS = 200, 200, 1000
WORKERS = (1, 2, 4)


@click.command()
@click.option("--jobs", default=100, show_default=True)
@click.option("--engine", "engines", multiple=True, default=("openvino", "opencv"))
def main(jobs: int, engines: tuple[str, ...]) -> None:
    """Measure throughput, overhead and latency with 1-megapixel photographs."""
    data = picture(1, "grey")
    with TemporaryDirectory() as folder:
        models = {"full size": full_size_model(Path(folder))}
        models[BUNDLED] = Catalogue(Path(folder)).get(BUNDLED)
        result: dict[str, Any] = {"throughput": []}
        for engine in engines:
            for name, model in models.items():
                for children in (1, cores()):
                    row = _throughput(engine, name, model, children, data, jobs)
                    result["throughput"].append(row)
        settings = Settings(model=BUNDLED, engine=engines[0])
        result["workers"] = [_workers(settings, count, data, jobs) for count in WORKERS]
        with running(settings) as service:
            result["idle"] = _idle(service, data)
            result["submit"] = _submit(service, data, "beside a worker")
        with running(settings, workers=0) as service:
            result["submit_alone"] = _submit(service, data, "no worker on these cores")
    report.write("service", result, _draw(result))


def _throughput(
    engine: str, name: str, model: Model, children: int, data: bytes, jobs: int
) -> dict[str, Any]:
    """Compare the service with the loops; the loops run before and after it."""
    own = model.folder.parent if name != BUNDLED else None
    settings = Settings(model=model.name, engine=engine, concurrency=children, models_dir=own)
    loops = {"pipeline": _pipeline_loop(engine, model, data), "classic": _classic(model, data)}
    rounds = max(5, jobs // 10)
    before = report.interleaved(loops, rounds)
    with running(settings) as service:
        source = service.put("in/photo.jpg", data)
        service.rate(source, 4 * children)
        rate = service.rate(source, jobs)
        memory = [psutil.Process(pid).memory_full_info().uss for pid in service.child_pids()]
    after = report.interleaved(loops, rounds)
    loop, script = ((before[key] + after[key]) / 2e3 for key in ("pipeline", "classic"))
    row: dict[str, Any] = {"engine": engine, "network": name, "children": children}
    row |= {"jobs_per_second": rate, "efficiency": rate * loop, "times_classic": rate * script}
    row |= {"mb_per_child": max(memory) / 1e6}
    print(
        f"{engine:11} {name:10} {children} children: {rate:5.1f} jobs/s, "
        f"{100 * row['efficiency']:.0f} % of the pipeline alone, "
        f"{row['times_classic']:.2f} times the classic script, "
        f"{row['mb_per_child']:.0f} MB of its own in a child",
        flush=True,
    )
    return row


def _pipeline_loop(engine: str, model: Model, data: bytes) -> Callable[[], object]:
    cv2.setNumThreads(cores())
    return partial(process, data, load_engine(engine, model, cores()), Options(), 10**9)


def _classic(model: Model, data: bytes) -> Callable[[], object]:
    net = read_caffe(model).net

    def predict(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        net.setInput(batch)
        return np.asarray(net.forward(MEAN_AB)[0], np.float32)

    return partial(classic, data, predict)


def _workers(settings: Settings, count: int, data: bytes, jobs: int) -> dict[str, Any]:
    with running(settings, workers=count) as service:
        source = service.put("in/photo.jpg", data)
        service.rate(source, 4 * count)
        rate = service.rate(source, jobs)
    print(f"{count} workers: {rate:.1f} jobs/s", flush=True)
    return {"workers": count, "jobs_per_second": rate}


def _idle(service: Service, data: bytes) -> dict[str, Any]:
    """Submit one job at a time: waiting in the queue, and what a job costs beside its stages."""
    source = service.put("in/photo.jpg", data)
    jobs = [service.submit(source, f"idle/{i}.jpg", wait=60) for i in range(40)][10:]
    queued = [job.timings.queued_ms or 0 for job in jobs]
    overhead = [_overhead(job) for job in jobs]
    found = {"queued_ms_p50": median(queued), "overhead_ms_p50": median(overhead)}
    print(
        f"idle: {found['queued_ms_p50']:.1f} ms in the queue, {found['overhead_ms_p50']:.1f} ms "
        "beside decode, inference, composition and encode",
        flush=True,
    )
    return found


def _overhead(job: Job) -> float:
    """Return the milliseconds of a run beside its four stages: fetch, store and the record."""
    assert job.started
    assert job.finished
    stages = job.timings
    worked = sum(
        part or 0
        for part in (stages.decode_ms, stages.infer_ms, stages.compose_ms, stages.encode_ms)
    )
    return (job.finished - job.started).total_seconds() * 1e3 - worked


def _submit(service: Service, data: bytes, where: str) -> dict[str, Any]:
    """Submit at a fixed rate; latency counts from the moment that a request was due."""
    source = service.put("in/tiny.jpg", data[:100])
    began = time.perf_counter() + 0.2

    def one(number: int) -> float:
        due = began + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        service.submit(ObjectRef(bucket=source.bucket, key="in/missing.jpg"))
        return (time.perf_counter() - due) * 1e3

    with ThreadPoolExecutor(16) as pool:
        # The first ones open connections.
        latencies = sorted(list(pool.map(one, range(WARM + REQUESTS)))[WARM:])
    found = {"rate": RATE, "p50_ms": latencies[REQUESTS // 2]}
    found["p99_ms"] = latencies[REQUESTS * 99 // 100]
    print(
        f"submit at {RATE}/s, {where}: p50 {found['p50_ms']:.1f} ms, p99 {found['p99_ms']:.1f} ms",
        flush=True,
    )
    return found


def _draw(result: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(11, 4))
    efficiency, scale = figure.subplots(1, 2, width_ratios=(3, 1))
    rows = result["throughput"]
    labels = [f"{r['engine']}\n{r['network']}\n{r['children']} children" for r in rows]
    efficiency.bar(labels, [100 * row["efficiency"] for row in rows])
    efficiency.axhline(90, color="grey", linestyle="--")
    efficiency.set(ylabel="% of the pipeline alone", title="the service")
    efficiency.tick_params(axis="x", labelsize=7)
    scale.plot(
        [row["workers"] for row in result["workers"]],
        [row["jobs_per_second"] for row in result["workers"]],
        marker="o",
    )
    scale.set(xlabel="workers", ylabel="jobs/s", title="tint-small", ylim=(0, None))
    return figure


if __name__ == "__main__":
    main()
