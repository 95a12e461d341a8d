"""A whole archive in one call: 100,000 tiny scans, of whose workers one is killed in the middle.

With --photographs also real ones, beside jobs that are submitted one by one.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import click
import psutil
from matplotlib.figure import Figure
from redis import Redis

from benchmarks import report
from benchmarks.harness import Service, running
from core.batches import Batch, EntryState
from core.jobs import State
from core.jobs.scripts import key
from core.objects import ObjectRef
from core.redis_client import connect
from core.settings import Settings
from models.catalogue import BUNDLED
from models.manifest import MANIFEST, open_folder
from tests.support.images import encoded, gradient
from tests.support.standin import write_standin

BUCKET = "archive"
PER_FOLDER = 500
"""Few, as the embedded storage walks a folder for every page of its listing."""
SAMPLE_SECONDS = 1.0
KILL_AT = 0.3


@click.command()
@click.option("--objects", default=100_000, show_default=True)
@click.option("--photographs", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--most", default=2000, show_default=True, help="Photographs at most.")
def main(objects: int, photographs: Path | None, most: int) -> None:
    """Measure batches; with --photographs also real ones from a folder, with the real network."""
    result: dict[str, Any] = {"archive": _archive(objects)}
    if photographs:
        files = sorted(path for path in photographs.rglob("*.jpg"))[:most]
        result["photographs"] = _photographs(files)
    report.write("batch", result, _draw(result["archive"]))


def _archive(objects: int) -> dict[str, Any]:
    """Colorize many tiny scans and kill a worker on the way."""
    with TemporaryDirectory() as folder:
        model = trivial_network(Path(folder) / "trivial")
        data = Path(folder) / "data"
        _fill(data / "s3" / BUCKET, objects)
        settings = Settings(model=str(model), engine="opencv", concurrency=1)
        with running(settings, workers=2, data=data) as service, _revived(service):
            dry = _timed_batch(service, dry_run=True)
            print(f"a dry run: {objects / dry['seconds']:,.0f} keys/s", flush=True)
            watch = Watch(service, objects)
            batch = _submit(service)
            watch.run(batch.id)
            found = _check(service, batch.id, objects)
            again = _timed_batch(service)
            print(f"a second run skips: {objects / again['seconds']:,.0f} keys/s", flush=True)
            counts = again["batch"].counts
            assert counts.skipped == objects, again["batch"].model_dump_json(indent=1)
    found |= {"objects": objects, "samples": watch.samples, "killed_at": watch.killed_at}
    found |= {"dry_run_keys_per_second": objects / dry["seconds"]}
    return found | {"skipped_keys_per_second": objects / again["seconds"]} | _memory_summary(watch)


def trivial_network(folder: Path) -> Path:
    """Return a network with next to nothing to do: what is measured is all around it."""
    model = open_folder(write_standin(folder))
    files = "".join(
        f"[files.{role}]\nname = {file.name!r}\nbytes = {file.bytes}\nsha256 = {file.sha256!r}\n"
        for role, file in model.files
    )
    head = "name = 'trivial'\ntitle = 'Trivial'\nlicense = 'none'\ninput_size = 32\n"
    (folder / MANIFEST).write_text(head + files)
    return folder


@dataclass
class Watch:
    """Looks at a batch once a second, and kills a worker once."""

    service: Service
    objects: int
    samples: list[dict[str, float]] = field(default_factory=list)
    killed_at: float | None = None

    def run(self, batch_id: str) -> None:
        """Return when the batch has ended."""
        began = time.monotonic()
        redis = connect(self.service.stack.settings.redis_url)
        while True:
            batch = _get(self.service, batch_id)
            at = time.monotonic() - began
            counts = batch.counts
            done = counts.succeeded + counts.failed
            self.samples.append(
                {
                    "seconds": at,
                    "done": done,
                    "found": counts.total,
                    "queued": counts.queued + counts.running,
                    "redis_mb": _memory(redis) / 1e6,
                    "stream_mb": _stream(redis) / 1e6,
                    "jobs_in_redis": _jobs(redis),
                }
            )
            if len(self.samples) % 30 == 1:
                memory = self.samples[-1]["redis_mb"]
                print(f"{at:6.0f} s: {done:7,} done, {memory:.1f} MB", flush=True)
            if batch.finished:
                return
            if self.killed_at is None and done > KILL_AT * self.objects:
                self.killed_at = at
                _kill(self.service)
            time.sleep(SAMPLE_SECONDS)


def _fill(folder: Path, objects: int) -> None:
    """Put the scans where the storage will find them: 2 KB each, no two of the same bytes."""
    scan = encoded(gradient(128, 160), quality=40)
    scan += b"\0" * (2048 - len(scan) - 8)
    for number in range(objects):
        place = folder / "scans" / f"{number // PER_FOLDER:04}"
        if number % PER_FOLDER == 0:
            place.mkdir(parents=True)
        (place / f"{number:06}.jpg").write_bytes(scan + number.to_bytes(8))


def _submit(service: Service, prefix: str = "scans/", **more: Any) -> Batch:
    order = {
        "source": {"bucket": BUCKET, "prefix": prefix},
        "destination": {"bucket": BUCKET, "prefix": f"colour/{prefix}"},
        **more,
    }
    headers = {"Prefer": "wait=0"}
    answer = service.http.request(
        "POST", f"{service.stack.url}/v1/batches", json=order, headers=headers
    )
    return Batch.model_validate_json(answer.data)


def _get(service: Service, batch_id: str, wait: int = 0) -> Batch:
    url = f"{service.stack.url}/v1/batches/{batch_id}"
    answer = service.http.request("GET", url, headers={"Prefer": f"wait={wait}"})
    return Batch.model_validate_json(answer.data)


def _timed_batch(service: Service, **more: Any) -> dict[str, Any]:
    """Run a batch; its seconds are those between its two moments."""
    batch = _submit(service, **more)
    while not batch.finished:
        batch = _get(service, batch.id, wait=60)
    return {"batch": batch, "seconds": (batch.finished - batch.created).total_seconds()}


def _kill(service: Service) -> None:
    """Kill a worker with its child, as a machine that fails does."""
    worker = next(child for child in service.stack.children if child.name == "worker-1")
    assert worker.pid
    children = psutil.Process(worker.pid).children(recursive=True)
    for pid in (worker.pid, *(child.pid for child in children)):
        os.kill(pid, signal.SIGKILL)
    print("a worker was killed", flush=True)


@contextmanager
def _revived(service: Service) -> Iterator[None]:
    """Start again what dies, as ``tintype up`` does."""
    thread = threading.Thread(target=service.stack.watch, daemon=True)
    thread.start()
    yield
    service.stack.ask_to_stop()
    thread.join()


def _check(service: Service, batch_id: str, objects: int) -> dict[str, Any]:
    """Hold the report and the results against the scans: every key exactly once."""
    batch = _get(service, batch_id)
    assert batch.report, batch
    assert batch.finished
    rows = json.loads(service.storage.fetch(batch.report["json"], 10**9).data)["jobs"]
    keys = [row["key"] for row in rows]
    wanted = [f"scans/{n // PER_FOLDER:04}/{n:06}.jpg" for n in range(objects)]
    assert sorted(keys) == wanted, "the report does not have every key exactly once"
    assert {row["state"] for row in rows} == {EntryState.SUCCEEDED}, batch.codes
    results = Path(service.stack.data) / "s3" / BUCKET / "colour" / "scans"
    stored = sum(1 for _ in results.glob("[0-9]*/*.jpg"))
    assert stored == objects, f"{stored} results"
    seconds = (batch.finished - batch.created).total_seconds()
    print(f"every key exactly once; {objects / seconds:.0f} jobs/s", flush=True)
    return {"jobs_per_second": objects / seconds, "seconds": seconds}


def _memory(redis: Redis) -> int:
    """Return the bytes in use, without the stream of events, whose length has a limit."""
    return int(dict(redis.info("memory"))["used_memory"]) - _stream(redis)


def _stream(redis: Redis) -> int:
    return int(redis.memory_usage(key("events"), samples=0) or 0)


def _jobs(redis: Redis) -> int:
    """Return how many jobs Redis knows."""
    states = ("running", "succeeded", "failed", "canceled", "held")
    queued = (f"queued:{priority}" for priority in ("high", "normal", "low"))
    return sum(int(redis.zcard(key("jobs", each))) for each in (*states, *queued))


def _memory_summary(watch: Watch) -> dict[str, float]:
    """Compare the second tenth of the way with the last."""
    busy = [each for each in watch.samples if each["done"] > 0.1 * watch.objects]
    early = [each["redis_mb"] for each in busy if each["done"] < 0.2 * watch.objects]
    late = [each["redis_mb"] for each in busy if each["done"] > 0.9 * watch.objects]
    found = {"early_mb": median(early), "late_mb": median(late)}
    found["most_mb"] = max(each["redis_mb"] for each in watch.samples)
    found["most_jobs"] = max(each["jobs_in_redis"] for each in watch.samples)
    print(
        f"Redis beside the stream of events: {found['early_mb']:.1f} MB early, "
        f"{found['late_mb']:.1f} MB late, {found['most_jobs']:.0f} jobs at most",
        flush=True,
    )
    return found


def _photographs(files: list[Path]) -> dict[str, Any]:
    """Colorize real photographs as a batch, and as many jobs, with the network that ships."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        for name in ("one by one", "batch"):
            place = data / "s3" / BUCKET / name
            place.mkdir(parents=True)
            for number, file in enumerate(files):
                # Of other bytes in each folder, so that no result is known already.
                end = name.encode()
                (place / f"{number:05}.jpg").write_bytes(file.read_bytes() + end)
        with running(Settings(model=BUNDLED), data=data) as service:
            jobs = _one_by_one(service, len(files))
            batch = _timed_batch(service, prefix="batch/")
    counts = batch["batch"].counts
    found = {"photographs": len(files), "jobs_per_second": jobs}
    found |= {"batch_per_second": len(files) / batch["seconds"], "failed": counts.failed}
    print(
        f"{len(files)} photographs: {found['batch_per_second']:.1f} a second as a batch, "
        f"{jobs:.1f} as jobs one by one",
        flush=True,
    )
    return found


def _one_by_one(service: Service, count: int) -> float:
    """Submit as many jobs over HTTP; return how many end in a second, from first order to last."""
    began = time.perf_counter()
    for number in range(count):
        source = ObjectRef(bucket=BUCKET, key=f"one by one/{number:05}.jpg")
        service.submit(source, f"colour/{source.key}")
    while service.store.count(State.SUCCEEDED) + service.store.count(State.FAILED) < count:
        time.sleep(0.05)
    return count / (time.perf_counter() - began)


def _draw(result: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=(11, 3.5))
    memory, jobs = figure.subplots(1, 2)
    at = [each["seconds"] for each in result["samples"]]
    for name, label in (("redis_mb", "all but the stream of events"), ("stream_mb", "the stream")):
        memory.plot(at, [each[name] for each in result["samples"]], label=label)
    memory.set(xlabel="s", ylabel="MB in Redis", ylim=(0, None))
    jobs.plot(at, [each["done"] for each in result["samples"]], label="done")
    jobs.plot(at, [each["found"] for each in result["samples"]], label="found", linestyle=":")
    jobs.set(xlabel="s", ylabel="keys", ylim=(0, None))
    for axis in (memory, jobs):
        if result["killed_at"]:
            axis.axvline(result["killed_at"], color="grey", linestyle="--", label="worker killed")
        axis.grid(visible=True, alpha=0.3)
        axis.legend()
    return figure


if __name__ == "__main__":
    main()
