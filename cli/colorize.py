"""``tintype colorize``: files in, files out, no servers."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.find_images import Found, find
from cli.flags import as_options, colour_flags, control_flags
from cli.one_file import FileColorizer, identity
from core.jobs import Options
from core.settings import Settings
from models import Catalogue
from worker.engines import load_engine
from worker.memory import MemoryLimit


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
@control_flags
@click.option(
    "--reference",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A picture whose colours are favoured.",
)
@click.option(
    "--redecode",
    is_flag=True,
    help="Decode again what --keep-distribution has left beside the results; needs no network run.",
)
@click.option(
    "--skip-existing", is_flag=True, help="Leave alone what has a result in the folder already."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per image.")
def colorize(
    paths: tuple[Path, ...],
    output: Path,
    model: str | None,
    engine: str | None,
    reference: Path | None,
    redecode: bool,
    skip_existing: bool,
    as_json: bool,
    **flags: Any,
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
    try:
        options = Options.model_validate(as_options(flags))
    except ValidationError as invalid:
        raise click.UsageError(f"{invalid.errors()[0]['msg']}.") from invalid
    found = find(paths, output)
    if not found.targets and not found.errors:
        raise click.UsageError(f"no images found outside {output}{_left_out(found)}")
    _make(output)
    targets = found.targets
    taken = {identity(target.source) for target in targets if target.source.exists()}
    favoured = reference.read_bytes() if reference else None
    files = FileColorizer(network, options, settings, favoured, redecode, taken)
    for error in found.errors:
        click.secho(f"{error.filename}: {error.strerror}", fg="red", err=True)
    failed = skipped = existing = 0
    memory = MemoryLimit(settings.memory)
    with memory.kept(), _progress(visible=not as_json) as progress:
        task = progress.add_task("Colorizing", total=len(targets))
        for target in targets:
            there = files.existing(target) if skip_existing else None
            if there:
                report: dict[str, Any] = {"source": str(target.source), "existing": str(there)}
            else:
                report = files.run(target)
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


def _progress(visible: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), disable=not visible)
