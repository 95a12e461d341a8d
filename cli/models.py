"""``tintype models``: list, pull, verify, path."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from core.errors import TintypeError
from core.settings import Settings
from models import Catalogue
from models.download import pull as pull_model
from worker.engines import write_onnx


@click.group()
def models() -> None:
    """Look at the networks and fetch them."""


def _catalogue() -> Catalogue:
    return Catalogue.from_settings(Settings.load())


@models.command("list")
def list_() -> None:
    """List the catalogue and your own models; * marks the default."""
    catalogue = _catalogue()
    default = catalogue.default().name
    table = Table("", "name", "installed", "size", "licence", "what it is", box=None)
    for model in catalogue.models():
        size = sum(file.bytes for _, file in model.files) / 1e6
        table.add_row(
            "*" if model.name == default else "",
            model.name,
            "yes" if model.installed else "no",
            f"{size:.0f} MB",
            model.manifest.license,
            model.manifest.title,
        )
    Console().print(table)


@models.command()
@click.argument("name")
def pull(name: str) -> None:
    """Fetch a network's files; run it again to go on after an interruption."""
    model = _catalogue().get(name)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress:
        tasks = {
            file.name: progress.add_task(file.name, total=file.bytes) for _, file in model.files
        }
        pull_model(model, lambda name, done, _: progress.update(tasks[name], completed=done))
    click.echo(f"{model.name} is in {model.folder}")


@models.command()
@click.argument("name", required=False)
def verify(name: str | None) -> None:
    """Compare the files of one network, or of all that are there, with their manifests."""
    catalogue = _catalogue()
    chosen = [catalogue.find(name)] if name else [m for m in catalogue.models() if m.present]
    bad = 0
    for model in chosen:
        try:
            model.verify()
            click.echo(f"{model.name}: ok ({model.digest})")
        except TintypeError as error:
            bad += 1
            click.echo(f"{model.name}: {error.code}: {error}", err=True)
    sys.exit(1 if bad else 0)


@models.command()
@click.argument("name")
@click.option(
    "--onnx",
    "output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; needs the extra onnx or fast.",
)
def export(name: str, output: Path) -> None:
    """Write a network as ONNX: lightness in, probabilities and ab out."""
    model = _catalogue().find(name)
    try:
        write_onnx(model, output)
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from error
    click.echo(f"{output}: input lightness (n, 1, h, w), outputs probabilities and ab")


@models.command()
@click.argument("name")
def path(name: str) -> None:
    """Print the folder of a network; it need not exist yet."""
    click.echo(_catalogue().get(name).folder)
