"""``tintype demo``: the whole service on sample photographs, then a contact sheet."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import urllib3
from PIL import Image, ImageOps
from rich.console import Console
from rich.live import Live
from rich.table import Column, Table

from cli.contact_sheet import Pair, write_contact_sheet
from cli.stack import Stack, StackOptions, stop_on_signals, throwaway
from core.errors import StackError
from core.jobs import Job
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage

WORKERS = 2
LIMIT_SECONDS = 120.0
LARGE = (4000, 3000)


@dataclass(frozen=True)
class Submitted:
    """A sample and its job as last seen."""

    photo: Path
    job: Job


@click.command()
@click.argument(
    "samples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path("samples"),
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
)
def demo(samples: Path, output: Path) -> None:
    """Colorize the photographs in SAMPLES through the whole service, and show them."""
    console = Console()
    data, photos = output / "stack", sorted(samples.glob("*.jpg"))
    if not photos:
        raise click.UsageError(f"{samples} holds no .jpg files")
    large = next((photo for photo in photos if photo.stem == "cameraman"), photos[0])
    photos.append(_enlarge(large, output / f"{large.stem}-12mp.jpg"))
    began = time.monotonic()
    with running_stack(data, console) as stack:
        console.print(f"Stack ready in {time.monotonic() - began:.1f} s: {stack.url}")
        client = Client(stack)
        submitted = [Submitted(photo, client.submit(photo)) for photo in photos]
        submitted = _follow(submitted, client, stack, console)
        console.print()
        pairs = _download(submitted, client, output)
    write_contact_sheet(pairs, output / "contact-sheet.png")
    console.print(f"Contact sheet: {output / 'contact-sheet.png'}")
    failed = [item for item in submitted if item.job.error]
    for item in failed:
        assert item.job.error
        console.print(
            f"{item.photo.name}: {item.job.error.code}: {item.job.error.detail}", soft_wrap=True
        )
    sys.exit(1 if failed else 0)


class Client:
    """Talks to the running stack as any user would."""

    def __init__(self, stack: Stack) -> None:
        self._http = urllib3.PoolManager(retries=False, timeout=10)
        self._url = stack.url
        self._storage = Storage(stack.settings)
        self._bucket = stack.settings.bucket

    def submit(self, photo: Path) -> Job:
        """Upload a photograph to storage and submit a job for it."""
        source = ObjectRef(bucket=self._bucket, key=f"samples/{photo.name}")
        self._storage.store(source, photo.read_bytes(), "image/jpeg")
        order = {"source": source.model_dump()}
        return _as_job(self._http.request("POST", f"{self._url}/v1/jobs", json=order))

    def look(self, job: Job) -> Job:
        """Return the job as it is now."""
        return _as_job(self._http.request("GET", f"{self._url}/v1/jobs/{job.id}"))

    def download(self, job: Job) -> bytes:
        """Follow the redirect to storage."""
        url = f"{self._url}/v1/jobs/{job.id}/result"
        answer = self._http.request("GET", url, retries=urllib3.Retry(3, redirect=3))
        if answer.status != 200:
            raise StackError(f"{url} answered {answer.status}")
        return answer.data


@contextmanager
def running_stack(data: Path, console: Console) -> Iterator[Stack]:
    """Run a stack, and stop everything it started whatever happens."""
    options = StackOptions(data, port=0, workers=WORKERS, fresh=True)
    stack = Stack(options, throwaway(Settings.load()), console.print)
    stop_on_signals(stack)
    watcher = threading.Thread(target=stack.watch, daemon=True)
    try:
        stack.start()
        _check(stack)
        watcher.start()
        yield stack
    finally:
        stack.ask_to_stop()
        if watcher.ident:
            watcher.join()
        stack.stop()


def _enlarge(photo: Path, path: Path) -> Path:
    """Make the 12-megapixel sample."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(photo) as image:
        ImageOps.fit(image.convert("L"), LARGE, Image.Resampling.LANCZOS).save(path, quality=90)
    return path


def _as_job(answer: urllib3.BaseHTTPResponse) -> Job:
    body: dict[str, Any] = answer.json()
    if answer.status not in (200, 202):
        raise StackError(f"the API answered {answer.status}: {body.get('detail')}")
    return Job.model_validate_json(answer.data)


def _check(stack: Stack) -> None:
    """Raise StackError if someone has asked to stop."""
    if stack.stopping:
        raise StackError("stopped before all jobs had ended")


def _follow(
    submitted: Sequence[Submitted], client: Client, stack: Stack, console: Console
) -> list[Submitted]:
    """Show the jobs live until all have ended.

    Raises:
        StackError: they have not ended in two minutes, or someone has asked to stop.
    """
    deadline = time.monotonic() + LIMIT_SECONDS
    with Live(console=console, refresh_per_second=10) as live:
        while True:
            _check(stack)
            submitted = [
                item if item.job.state.final else Submitted(item.photo, client.look(item.job))
                for item in submitted
            ]
            live.update(_table(submitted))
            if all(item.job.state.final for item in submitted):
                return list(submitted)
            if time.monotonic() > deadline:
                raise StackError(f"jobs have not ended in {LIMIT_SECONDS:.0f} s")
            time.sleep(0.1)


def _table(submitted: Sequence[Submitted]) -> Table:
    key = Column("result key", overflow="fold")
    table = Table("photo", "state", "size", "queued ms", "run ms", key, box=None)
    for item in submitted:
        job = item.job
        ran = _run_ms(job)
        table.add_row(
            item.photo.name,
            job.state,
            f"{job.width} x {job.height}" if job.width else "",
            "" if job.timings.queued_ms is None else f"{job.timings.queued_ms:.0f}",
            "" if ran is None else f"{ran:.0f}",
            job.destination.key if job.destination else "",
        )
    return table


def _run_ms(job: Job) -> float | None:
    if job.finished is None or job.started is None:
        return None
    return (job.finished - job.started).total_seconds() * 1e3


def _download(submitted: Sequence[Submitted], client: Client, output: Path) -> list[Pair]:
    pairs = []
    for item in submitted:
        if item.job.destination is None or item.job.error:
            continue
        after = output / item.job.destination.key.rsplit("/", 1)[-1]
        after.write_bytes(client.download(item.job))
        pairs.append(Pair(item.photo.stem, item.photo, after))
    return pairs
