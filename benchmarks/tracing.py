"""What traces cost: without them in the code, switched off, and on.

Processor time is measured: others on the machine change it little.
"""

import ast
import inspect
import os
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from time import process_time, thread_time
from typing import Any

import click
import psutil
from matplotlib.figure import Figure

from benchmarks import report
from benchmarks.harness import running
from benchmarks.pipeline import picture
from core import tracing
from core.cores import cores
from core.jobs import Options
from core.settings import Settings
from core.tracing import spans
from models import Catalogue
from models.catalogue import BUNDLED
from worker import processing
from worker.engines import Engine, load_engine

BLOCKS = 100_000


@click.command()
@click.option("--rounds", default=200, show_default=True)
@click.option("--jobs", default=100, show_default=True)
def main(rounds: int, jobs: int) -> None:
    """Measure blocks, photographs and the whole service."""
    with _collector() as url:
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url
        result: dict[str, Any] = {"block_ns": _blocks()}
        result["photograph_ms"] = _photographs(rounds)
        result["job_ms"] = _service(jobs)
    for name, found in result.items():
        print(name, {key: round(value, 2) for key, value in found.items()})
    report.write("tracing", result, _draw(result))


def _blocks() -> dict[str, float]:
    """Return nanoseconds of a block: nothing, a span that is off, a span that is on."""
    found = {"never there": _timed(_nothing), "off": _timed(_span)}
    with _on():
        # No more than wait to be sent.
        found["on"] = _timed(_span, BLOCKS // 400)
    return found


def _timed(block: Callable[[], None], count: int = BLOCKS) -> float:
    times = []
    for _ in range(5):
        began = thread_time()
        for _ in range(count):
            block()
        times.append((thread_time() - began) / count * 1e9)
    return median(times)


def _nothing() -> None:
    pass


def _span() -> None:
    with tracing.span("block", {"key": "value"}):
        pass


def _photographs(rounds: int) -> dict[str, float]:
    """Return the median milliseconds of a small photograph; the three take turns."""
    engine = load_engine("auto", Catalogue(Path()).get(BUNDLED), cores())
    data = picture(0.1, "grey")

    with _on():
        tracer = spans._tracer

        def switched(to: object) -> None:
            spans._tracer = to  # type: ignore[assignment]
            _process(processing, engine, data)

        calls: dict[str, Callable[[], object]] = {
            "never there": partial(_process, _without_spans(), engine, data),
            "off": partial(switched, None),
            "on": partial(switched, tracer),
        }
        times: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                began = process_time()
                call()
                times[name].append((process_time() - began) * 1e3)
        spans._tracer = tracer
    return {name: median(values) for name, values in times.items()}


def _process(module: Any, engine: Engine, data: bytes) -> None:
    module.process(data, engine, Options(), 10**9)


def _without_spans() -> types.ModuleType:
    """Return the module that works on photographs as if nobody had thought of spans."""

    class Without(ast.NodeTransformer):
        def visit_With(self, node: ast.With) -> Any:
            self.generic_visit(node)
            return node.body if "span(" in ast.unparse(node.items[0]) else node

    tree = Without().visit(ast.parse(inspect.getsource(processing)))
    module = types.ModuleType("processing_without_spans")
    exec(compile(ast.fix_missing_locations(tree), module.__name__, "exec"), module.__dict__)  # noqa: S102
    return module


def _service(jobs: int) -> dict[str, float]:
    """Return milliseconds of a worker's child for a whole job; off and on take turns."""
    found: dict[str, list[float]] = {"off": [], "on": []}
    for _ in range(3):
        for name, times in found.items():
            with running(Settings(model=BUNDLED, concurrency=1, otel=name == "on")) as service:
                source = service.put("in/photo.jpg", picture(0.1, "grey"))
                service.rate(source, 10)
                (pid,) = service.child_pids()
                before = psutil.Process(pid).cpu_times()
                service.rate(source, jobs)
                after = psutil.Process(pid).cpu_times()
                times.append(sum(after[:2], -sum(before[:2])) / jobs * 1e3)
    return {name: median(times) for name, times in found.items()}


@contextmanager
def _on() -> Iterator[None]:
    tracing.start(Settings(otel=True), "benchmark")
    try:
        yield
    finally:
        tracing.stop()


@contextmanager
def _collector() -> Iterator[str]:
    """Take what is sent and forget it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def _draw(result: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(10, 3))
    for axis, (name, found) in zip(figure.subplots(1, 3), result.items(), strict=True):
        axis.bar([*found], [*found.values()])
        axis.set(title=name.replace("_", " "), ylim=(0, None))
    return figure


if __name__ == "__main__":
    main()
