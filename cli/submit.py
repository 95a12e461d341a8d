"""``tintype submit``: photographs to a running service."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from cli.flags import as_options, order_flags
from cli.progress_views import printable
from cli.service import connected, object_url
from core.formats import format_of
from tintype_client import Client, Job, TintypeApiError, TintypeClientError


@dataclass
class Photo:
    """A photograph, and what came of it."""

    source: str
    job: Job | None = None
    output: Path | None = None
    error: tuple[str, str] | None = None
    """Code and detail."""
    told: bool = False
    """Whether its JSON is printed."""

    @property
    def stored(self) -> bool:
        """Whether it is in storage already."""
        return self.source.startswith("s3://")

    def report(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        code, detail = self.error or (None, None)
        return {
            "source": self.source,
            "job": self.job.model_dump(mode="json") if self.job else None,
            "output": str(self.output) if self.output else None,
            "error": {"code": code, "detail": detail} if self.error else None,
        }


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@click.option(
    "--to",
    callback=object_url,
    metavar="s3://BUCKET/KEY",
    help="Where in storage the result goes, of one SOURCE.",
)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="File for one result, or folder, to download to; what has no ending of an image is a "
    "folder. Waits for the results.",
)
@click.option("--wait", is_flag=True, help="Wait until all jobs have ended.")
@order_flags
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per photograph.")
def submit(
    sources: tuple[str, ...],
    to: str | None,
    output: str | None,
    wait: bool,
    priority: str | None,
    api: str | None,
    token: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Submit photographs to a running service.

    A SOURCE is a file, which is uploaded, or an object in storage: s3://bucket/key. What cannot
    be done is reported, the rest go on, and the exit code is 1.
    """
    if to and len(sources) > 1:
        raise click.UsageError("--to names one result; for many use -o, or 'tintype batch'")
    order = {"destination": to, "options": as_options(flags), "priority": priority}
    photos = [Photo(source) for source in sources]
    with connected(api, token) as client, _nothing_lost(photos if as_json else ()):
        for photo in photos:
            _submit(client, photo, order)
            if not as_json:
                _say(photo, photo.job.id if photo.job else "")
            elif not (wait or output):
                _print(photo)
        if wait or output:
            for photo in _ended(client, photos, output, visible=not as_json):
                if as_json:
                    _print(photo)
                elif photo.job:
                    _say(photo, _where(photo))
    if not (wait or output or as_json) and any(photo.job for photo in photos):
        click.echo("'tintype watch ID' shows how a job goes.", err=True)
    sys.exit(any(photo.error for photo in photos))


@contextmanager
def _nothing_lost(photos: Sequence[Photo]) -> Iterator[None]:
    """Print the jobs that were made even if the service goes away, or Ctrl-C ends the waiting."""
    try:
        yield
    except (TintypeClientError, KeyboardInterrupt):
        for photo in photos:
            if photo.job and not photo.told:
                _print(photo)
        raise


def _submit(client: Client, photo: Photo, order: dict[str, Any]) -> None:
    """Make a job, or note why there is none."""
    try:
        source = photo.source if photo.stored else Path(photo.source)
        photo.job = client.submit(source, **order)
    except TintypeApiError as error:
        photo.error = (error.code, error.detail)
    except (OSError, ValueError) as error:
        photo.error = ("file_error", str(error))


def _ended(
    client: Client, photos: Sequence[Photo], output: str | None, visible: bool
) -> Iterator[Photo]:
    """Go through the photographs as their jobs end, and download their results."""
    taken = {Path(photo.source).resolve() for photo in photos if not photo.stored}
    folder = output and (len(photos) > 1 or Path(output).is_dir() or not format_of(output))
    with Progress(console=Console(stderr=True), disable=not visible, transient=True) as progress:
        for photo in progress.track(photos, description="Colorizing"):
            if photo.job and _succeeded(client, photo) and output and not photo.job.skipped:
                target = _named(Path(output), photo) if folder else Path(output)
                _download(client, photo, target, taken)
            yield photo


def _succeeded(client: Client, photo: Photo) -> bool:
    """Wait for the end of a job; note why there is no result."""
    assert photo.job is not None
    try:
        photo.job = client.wait(photo.job)
    except TintypeApiError as error:
        photo.error = (error.code, error.detail)
        return False
    if photo.job.error:
        photo.error = (photo.job.error.code, photo.job.error.detail)
    elif photo.job.state != "succeeded":
        photo.error = (photo.job.state, "someone has canceled the job")
    return photo.error is None


def _named(folder: Path, photo: Photo) -> Path:
    """Return the source's name in a folder, with the ending of the result."""
    assert photo.job is not None
    key = photo.job.destination.key if photo.job.destination else ""
    name = PurePosixPath(photo.source) if photo.stored else Path(photo.source)
    return folder / (name.stem + PurePosixPath(key).suffix)


def _download(client: Client, photo: Photo, target: Path, taken: set[Path]) -> None:
    """Write a result, never over a source or another result."""
    assert photo.job is not None
    if target.resolve() in taken:
        detail = f"{target} is a source or another result; job {photo.job.id} has succeeded"
        photo.error = ("file_error", detail)
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        photo.output = client.download(photo.job, target)
    except TintypeApiError as error:
        photo.error = (error.code, error.detail)
    except OSError as error:
        photo.error = ("file_error", str(error))
    taken.add(target.resolve())


def _where(photo: Photo) -> str:
    assert photo.job is not None
    if photo.job.skipped:
        return f"skipped, {photo.job.skipped}"
    return f"{photo.job.state}, {photo.output or photo.job.destination}"


def _print(photo: Photo) -> None:
    click.echo(json.dumps(photo.report()))
    photo.told = True


def _say(photo: Photo, text: str) -> None:
    """Print a line about a photograph, or its error."""
    if photo.error:
        code, detail = photo.error
        click.secho(printable(f"{photo.source}: {code}: {detail}"), fg="red", err=True)
    else:
        click.echo(printable(f"{photo.source}: {text}"))
