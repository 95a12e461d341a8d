"""``tintype colorize``: files in, files out, no servers."""

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.errors import ObjectTooLarge
from core.jobs import Options
from core.jobs.records import OutputFormat
from core.settings import Settings
from models import Catalogue
from worker.engines import Engine, load_engine
from worker.images import SUFFIXES
from worker.processing import Processed, process
from worker.runner import as_problem

_READ = {*SUFFIXES, "bmp"}
Identity = tuple[int, int]
"""Device and inode of a file."""


@dataclass(frozen=True)
class Target:
    """One image to do: where it is, and where its result goes, without the suffix."""

    source: Path
    stem: Path


def _not_nan(_ctx: click.Context, _param: click.Parameter, value: float | None) -> float | None:
    if value is not None and math.isnan(value):
        raise click.BadParameter("nan is not a number.")
    return value


@click.command()
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH…"
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; folders given as PATH keep their structure in it.",
)
@click.option("--model", help="Name of a network, or a folder that holds one.")
@click.option("--engine", help="Way of running the network.")
@click.option(
    "--temperature",
    type=click.FloatRange(0.01, 1),
    callback=_not_nan,
    help="1 is calm, towards 0 vivid and patchy; left out: the network's own.",
)
@click.option(
    "--format", type=click.Choice(["jpeg", "png", "webp", "tiff"]), help="Of the results."
)
@click.option("--quality", type=click.IntRange(1, 100), help="For JPEG and WebP.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per image.")
def colorize(
    paths: tuple[Path, ...],
    output: Path,
    model: str | None,
    engine: str | None,
    temperature: float | None,
    format: OutputFormat | None,
    quality: int | None,
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
    options = Options(temperature=temperature, format=format, quality=quality)
    targets = list(find(paths, output))
    if not targets:
        raise click.UsageError("no images found in the folders given")
    taken = {_identity(target.source) for target in targets}
    failed = 0
    with _progress(visible=not as_json) as progress:
        task = progress.add_task("Colorizing", total=len(targets))
        for target in targets:
            report = _one(target, network, options, settings, taken)
            failed += "error" in report
            if as_json:
                click.echo(json.dumps(report))
            elif "error" in report:
                line = f"{target.source}: {report['error']['detail']}"
                progress.console.print(line, style="red", markup=False, soft_wrap=True)
            progress.advance(task)
    if not as_json:
        click.echo(f"{len(targets) - failed} colorized into {output}, {failed} failed")
    sys.exit(1 if failed else 0)


def find(paths: tuple[Path, ...], output: Path) -> Iterator[Target]:
    """Yield every image: files as named, folders all the way down but for the results' folder."""
    results = output.resolve()
    for path in paths:
        if path.is_file():
            yield Target(path, output / _stem(path))
            continue
        nested = results.is_relative_to(path.resolve())
        for file in sorted(path.rglob("*")):
            known = file.suffix.lstrip(".").lower() in _READ
            ours = nested and file.resolve().is_relative_to(results)
            if known and file.is_file() and not ours:
                yield Target(file, output / file.relative_to(path).parent / _stem(file))


def _stem(file: Path) -> str:
    """Return the name without its ending; one that would be dots alone stays whole."""
    return file.stem if file.stem.strip(".") else file.name


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
    except OSError as error:
        return report | {"error": {"code": "file_error", "detail": str(error)}}
    except Exception as error:
        return report | {"error": as_problem(error).model_dump()}
    return report | {
        "output": str(path),
        "width": done.width,
        "height": done.height,
        "model": engine.model.name,
        "ms": {
            name.removesuffix("_ms"): round(value, 1)
            for name, value in done.timings.model_dump(exclude_none=True).items()
        },
    }


def _write(target: Target, done: Processed, taken: set[Identity]) -> Path:
    """Write the result beside its final name first, never over a source or another result."""
    path = target.stem.with_name(f"{target.stem.name}.{done.extension}")
    if path.exists() and _identity(path) in taken:
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
