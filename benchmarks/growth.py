"""What jobs cost as they pile up: submitting, memory in Redis, listing; 100 to 100,000 queued."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click
from matplotlib.figure import Figure
from redis import Redis

from api.publisher import Publisher
from benchmarks import report
from cli.measuring.typical import memory, order, result
from cli.stack import servers
from cli.stack.child import Child
from core.jobs import Attempts, JobStore, Limits, Options, State
from core.redis_client import connect
from core.settings import Settings

SIZES = (100, 1_000, 10_000, 100_000)
PAGE = 50
DEEP = 1000
ENDED = 2000


@click.command()
@click.option("--most", default=SIZES[-1], show_default=True)
def main(most: int) -> None:
    """Record and queue more and more jobs; no worker runs."""
    with _redis() as url:
        redis = connect(url)
        store, publisher = JobStore(redis), Publisher(Settings(redis_url=url))
        finished = _finished(redis, store)
        print(f"a finished job: {finished:.0f} bytes")
        rows, jobs, empty = [], 0, memory(redis)
        for size in (size for size in SIZES if size <= most):
            began, first = time.perf_counter(), jobs
            while jobs < size:
                job = store.create(order(jobs))
                publisher.publish(job)
                store.published(job)
                jobs += 1
            rate = (jobs - first) / (time.perf_counter() - began)
            row: dict[str, float | None]
            row = {"jobs": size, "submits_per_second": rate}
            row |= {"bytes_per_job": (memory(redis) - empty) / size} | _listing(store, size)
            rows.append(row)
            deep = f"{row['deep_ms']:.1f} ms" if row["deep_ms"] else "-"
            print(
                f"{size:7} jobs: {rate:6.0f} submits/s, {row['bytes_per_job']:5.0f} bytes a job, "
                f"first page {row['first_ms']:.1f} ms, page {DEEP} {deep}",
                flush=True,
            )
    report.write("growth", {"rows": rows, "bytes_per_finished_job": finished}, _draw(rows))


@contextmanager
def _redis() -> Iterator[str]:
    port = servers.free_port()
    url = f"redis://{servers.HOST}:{port}/0"
    with TemporaryDirectory() as folder:
        command = servers.redis_command(port, Path(folder))
        log = Path(folder) / "log"
        server = Child("redis", command, {}, log, lambda _: servers.redis_ready(url))
        server.start()
        server.wait_ready(30)
        try:
            yield url
        finally:
            server.terminate()
            server.wait()


def _listing(store: JobStore, size: int) -> dict[str, float | None]:
    """Time the first page and the thousandth, which starts after 49,950 jobs."""

    def timed(cursor: str | None) -> float:
        times = []
        for _ in range(15):
            began = time.perf_counter()
            store.list(limit=PAGE, cursor=cursor)
            times.append((time.perf_counter() - began) * 1e3)
        return median(times)

    found: dict[str, float | None] = {"first_ms": timed(None), "deep_ms": None}
    if size > PAGE * DEEP:
        cursor = None
        for _ in range(DEEP - 1):
            _, cursor = store.list(limit=PAGE, cursor=cursor)
        found["deep_ms"] = timed(cursor)
    return found


def _finished(redis: Redis, store: JobStore) -> float:
    """Return the bytes of a job that succeeded, with everything that a worker records."""
    attempts = Attempts(redis, Limits(attempts=3, timeout=120, patience=3600), ttl=7 * 24 * 3600)
    store.create(order(0))
    before = memory(redis)
    for number in range(ENDED):
        asked = order(number).model_copy(update={"options": Options(vividness=0.5)})
        attempt = attempts.start(store.create(asked).id, "worker-host:12345")
        assert attempt
        attempts.succeed(attempt, result(attempt.job), f"{number:032x}")
    assert store.count(State.SUCCEEDED) == ENDED
    return (memory(redis) - before) / ENDED


def _draw(rows: list[dict[str, Any]]) -> Figure:
    figure = Figure(figsize=(11, 3.5))
    sizes = [row["jobs"] for row in rows]
    for axis, name, label in zip(
        figure.subplots(1, 3),
        ("submits_per_second", "bytes_per_job", "first_ms"),
        ("submits/s", "bytes in Redis a queued job", "ms for a page of 50"),
        strict=True,
    ):
        axis.plot(sizes, [row[name] for row in rows], marker="o", label="first page")
        axis.set(xlabel="jobs queued", ylabel=label, xscale="log", ylim=(0, None))
        axis.grid(visible=True, alpha=0.3)
    deep = [(row["jobs"], row["deep_ms"]) for row in rows if row["deep_ms"]]
    axis.plot(*zip(*deep, strict=True), "s", label=f"page {DEEP}") if deep else None
    axis.legend(loc="lower left")
    return figure


if __name__ == "__main__":
    main()
