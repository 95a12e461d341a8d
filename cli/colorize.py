"""``tintype colorize``: files in, files out, no servers."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.find_images import Found, Target, find
from cli.flags import colour_flags
from core.errors import AlreadyColor, ObjectTooLarge
from core.formats import EXTENSIONS, OutputFormat
from core.jobs import Options
from core.jobs.options import OnColor, PagesOption, PrivateData
from core.settings import Settings
from models import Catalogue
from worker.engines import Engine, load_engine
from worker.images import format_like
from worker.memory import MemoryLimit
from worker.problems import as_ours, as_problem
from worker.processing import Processed, process

Identity = tuple[int, int]
"""Device and inode of a file."""
_HEAD = 32
"""Bytes that tell a format."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; folders given as PATH keep their structure in it.",
)
@click.option("--model", help="Name of a network, or a folder that holds one.")
@click.option("--engine", help="Way of running the network.")
@colour_flags
@click.option(
    "--skip-existing", is_flag=True, help="Leave alone what has a result in the folder already."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per image.")
def colorize(
    paths: tuple[Path, ...],
    output: Path,
    model: str | None,
    engine: str | None,
    temperature: float | None,
    vividness: float | None,
    format: OutputFormat | None,
    quality: int | None,
    pages: PagesOption | None,
    private_data: PrivateData | None,
    on_color: OnColor | None,
    skip_existing: bool,
    as_json: bool,
) -> None:
    """Colorize image files or folders of them, without any server.

    A file that cannot be colorized is reported, the rest go on, and the exit code is 1.
    """
    settings = Settings.load()
    network = load_engine(
        engine or settings.engine,
        Catalogue.from_settings(settings).find(model),
        settings.threads,
    )
    if pages == "all" and format not in (None, "tiff"):
        raise click.UsageError("all pages are kept in a TIFF only; leave out --format or --pages")
    options = Options(
        temperature=temperature,
        vividness=vividness,
        format=format,
        quality=quality,
        pages=pages or "first",
        private_data=private_data or "keep",
        on_color=on_color or "recolor",
    )
    found = find(paths, output)
    if not found.targets and not found.errors:
        raise click.UsageError(f"no images found outside {output}{_left_out(found)}")
    _make(output)
    targets = found.targets
    taken = {_identity(target.source) for target in targets if target.source.exists()}
    for error in found.errors:
        click.secho(f"{error.filename}: {error.strerror}", fg="red", err=True)
    failed = skipped = existing = 0
    memory = MemoryLimit(settings.memory)
    with memory.kept(), _progress(visible=not as_json) as progress:
        task = progress.add_task("Colorizing", total=len(targets))
        for target in targets:
            there = _existing(target, options, taken) if skip_existing else None
            if there:
                report: dict[str, Any] = {"source": str(target.source), "existing": str(there)}
            else:
                report = _one(target, network, options, settings, taken)
            existing += "existing" in report
            failed += "error" in report
            skipped += "skipped" in report
            if as_json:
                click.echo(json.dumps(report))
            elif "error" in report:
                line = f"{target.source}: {report['error']['detail']}"
                progress.console.print(line, style="red", markup=False, soft_wrap=True)
            elif "skipped" in report:
                line = f"{target.source}: skipped, in colour already (chroma {report['chroma']})"
                progress.console.print(line, style="yellow", markup=False, soft_wrap=True)
            progress.advance(task)
    done = f"{len(targets) - failed - skipped - existing} colorized into {output}, {failed} failed"
    if skipped:
        done += f", {skipped} skipped: in colour already"
    if existing:
        done += f", {existing} left alone: there already"
    click.echo(f"{done}{_left_out(found)}", err=as_json)
    sys.exit(1 if failed or found.errors else 0)


def _make(output: Path) -> None:
    """Make the folder for the results now, before any work is done for nothing."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"{output} cannot hold the results: {error.strerror}") from error
    if not os.access(output, os.W_OK):
        raise click.UsageError(f"{output} cannot hold the results: it is not writable")


def _left_out(found: Found) -> str:
    """Return what was left out and why, or nothing."""
    if not found.left_out:
        return ""
    kinds = ", ".join(f"{count} {ending}" for ending, count in sorted(found.left_out.items()))
    return f"; left out, no image by its name: {kinds}"


def _one(
    target: Target, engine: Engine, options: Options, settings: Settings, taken: set[Identity]
) -> dict[str, Any]:
    """Do one image and return what ``--json`` prints about it."""
    report: dict[str, Any] = {"source": str(target.source)}
    try:
        size = target.source.stat().st_size
        if size > settings.max_bytes:
            raise ObjectTooLarge(
                f"the file has {size} bytes, more than {settings.max_bytes}; see TINTYPE_MAX_BYTES"
            )
        done = process(target.source.read_bytes(), engine, options, settings.max_pixels)
        path = _write(target, done, taken)
    except AlreadyColor as error:
        measured = {"chroma": error.chroma, "width": error.width, "height": error.height}
        if options.on_color == "skip":
            return report | {"skipped": error.code} | measured
        return report | {"error": as_problem(error).model_dump()} | measured
    except OSError as error:
        return report | {"error": {"code": "file_error", "detail": str(error)}}
    except Exception as error:
        return report | {"error": as_problem(as_ours(error)).model_dump()}
    if done.chroma is not None:
        report["chroma"] = done.chroma
    return report | {
        "output": str(path),
        "width": done.width,
        "height": done.height,
        "model": engine.model.name,
        "fidelity": done.fidelity.model_dump(),
        "ms": {
            name.removesuffix("_ms"): round(value, 1)
            for name, value in done.timings.model_dump(exclude_none=True).items()
        },
    }


def _write(target: Target, done: Processed, taken: set[Identity]) -> Path:
    """Write the result beside its final name first, never over a source or another result."""
    path = _result_path(target, done.extension)
    if path.exists() and (_identity(path) in taken or path.parent.samefile(target.source.parent)):
        raise OSError(
            f"the result would overwrite {path}, a source or another result; choose another -o"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(done.data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    taken.add(_identity(path))
    return path


def _existing(target: Target, options: Options, taken: set[Identity]) -> Path | None:
    """Return the file that would be the target's result, if an earlier run has left one."""
    try:
        with target.source.open("rb") as file:
            format = options.format or format_like(file.read(_HEAD))
    except OSError:
        return None
    path = _result_path(target, EXTENSIONS[format])
    return path if path.exists() and _identity(path) not in taken else None


def _result_path(target: Target, extension: str) -> Path:
    return target.stem.with_name(f"{target.stem.name}.{extension}")


def _identity(path: Path) -> Identity:
    """Return what two names of one file have in common, however they are spelled."""
    status = path.stat()
    return status.st_dev, status.st_ino


def _progress(visible: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), disable=not visible)
