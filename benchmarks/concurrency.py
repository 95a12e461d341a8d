"""Processes, threads and batches: which way of sharing the cores colorizes most photographs."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import cv2
import numpy as np
import psutil
from matplotlib.figure import Figure

from benchmarks.full_size import full_size_model
from benchmarks.pipeline import picture
from core.cores import cores
from core.jobs import Options
from models.manifest import open_folder
from worker.colour import lightness
from worker.colour.pipeline import network_input
from worker.engines import load_engine
from worker.images import decode
from worker.processing import process

SECONDS = 6.0
STORAGE_SECONDS = 0.005
"""Fetch and store on loopback, in which no core works for this process."""


@click.command()
@click.option("--engine", "engines", multiple=True, default=("openvino", "onnxruntime", "opencv"))
@click.option("--child", hidden=True, help="ENGINE:FOLDER:JOBS AT A TIME:THREADS:START")
def main(engines: tuple[str, ...], child: str | None) -> None:
    """Measure photographs a second and memory for every engine and way."""
    if child:
        engine, folder, at_a_time, threads, start = child.split(":")
        print(json.dumps(_work(engine, folder, int(at_a_time), int(threads), float(start))))
        return
    from benchmarks import report

    every = cores()
    # Processes, jobs at a time in each, threads of one pass.
    ways = {
        f"1 process, 1 job, {every} threads": (1, 1, every),
        f"1 process, {every} jobs, {every} threads": (1, every, every),
        f"{every} processes, 1 job, 1 thread": (every, 1, 1),
        f"{every} processes, 1 job, {every} threads": (every, 1, every),
    }
    rows: list[dict[str, Any]] = []
    with TemporaryDirectory() as folder:
        model = full_size_model(Path(folder))
        for engine in engines:
            for name, way in ways.items():
                row = {"engine": engine, "way": name} | _run(engine, model.folder, *way)
                rows.append(row)
                print(
                    f"{engine:11} {name:32} {row['per_second']:5.1f} photographs/s, "
                    f"{row['mb']:.0f} MB in all",
                    flush=True,
                )
        batches = _batches(engines[0], model.folder)
    report.write("concurrency", {"ways": rows, "batches": batches}, _draw(rows))


def _run(
    engine: str, folder: Path, processes: int, at_a_time: int, threads: int
) -> dict[str, float]:
    start = time.time() + 12
    order = f"{engine}:{folder}:{at_a_time}:{threads}:{start}"
    command = [sys.executable, "-m", "benchmarks.concurrency", "--child", order]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(processes)]
    answers = [json.loads(child.communicate()[0]) for child in children]
    done = sum(answer["done"] for answer in answers)
    return {"per_second": done / SECONDS, "mb": sum(answer["mb"] for answer in answers)}


def _work(engine: str, folder: str, at_a_time: int, threads: int, start: float) -> dict[str, float]:
    """Process photographs from ``start`` on, in some threads; count those that ended in time."""
    network = load_engine(engine, open_folder(Path(folder)), threads)
    cv2.setNumThreads(threads)
    data, counter, lock = picture(1, "grey"), 0, threading.Lock()
    process(data, network, Options(), 10**9)

    def loop() -> None:
        nonlocal counter
        while time.time() < start + SECONDS:
            time.sleep(STORAGE_SECONDS)
            process(data, network, Options(), 10**9)
            if time.time() < start + SECONDS:
                with lock:
                    counter += 1

    time.sleep(max(0.0, start - time.time()))
    with ThreadPoolExecutor(at_a_time) as pool:
        for done in [pool.submit(loop) for _ in range(at_a_time)]:
            done.result()
    return {"done": counter, "mb": psutil.Process().memory_full_info().uss / 1e6}


def _batches(engine: str, folder: Path) -> list[dict[str, float]]:
    """What collecting waiting jobs into one pass would gain, at best."""
    from benchmarks.report import interleaved

    network = load_engine(engine, open_folder(folder), cores())
    one = network_input(lightness(decode(picture(1, "grey"), 10**9).pixels), 224)
    calls = {
        str(size): partial(network.predict, np.repeat(one, size, axis=0)) for size in (1, 2, 4, 8)
    }
    times = interleaved(calls, 5)
    rows = [{"batch": int(size), "ms_per_image": ms / int(size)} for size, ms in times.items()]
    for row in rows:
        print(f"{engine}: batch of {row['batch']}: {row['ms_per_image']:.1f} ms an image")
    return rows


def _draw(rows: list[dict[str, Any]]) -> Figure:
    engines = list(dict.fromkeys(row["engine"] for row in rows))
    ways = list(dict.fromkeys(row["way"] for row in rows))
    figure = Figure(figsize=(8, 3.5))
    axis = figure.subplots()
    for index, way in enumerate(ways):
        values = [row["per_second"] for row in rows if row["way"] == way]
        axis.bar(np.arange(len(engines)) + index * 0.2, values, 0.18, label=way)
    axis.set_xticks(np.arange(len(engines)) + 0.3, engines)
    axis.set(ylabel="photographs a second", title="1 megapixel, full-size network")
    axis.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    main()
