"""``tintype report``: what came of a batch."""

import sys
from pathlib import Path
from typing import Literal

import click
from rich.console import Console
from rich.table import Table

from cli.flags import api_flag
from cli.service import connected
from tintype_client import Batch, Client

STATES = ("succeeded", "skipped", "failed", "canceled")


@click.command()
@click.argument("batch_id", metavar="ID")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; left out: standard output.",
)
@click.option("--format", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@api_flag
def report(
    batch_id: str,
    output: Path | None,
    format: Literal["csv", "json"],
    api: str | None,
    token: str | None,
) -> None:
    """Download the report of a batch that has ended: one row for each key.

    A summary goes to standard error.
    """
    with connected(api, token) as client:
        batch = client.batch(batch_id)
        if output is None:
            sys.stdout.buffer.write(client.report(batch, format))
        else:
            _download(client, batch, output, format)
    Console(stderr=True).print(_summary(batch))


def _download(client: Client, batch: Batch, output: Path, format: Literal["csv", "json"]) -> None:
    try:
        client.download_report(batch, output, format)
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from error


def _summary(batch: Batch) -> Table:
    """Return how many keys are in which state, and failed with which code."""
    table = Table("state", "code", "keys", box=None)
    for state in STATES:
        count = getattr(batch.counts, state)
        if count:
            table.add_row(state, "", str(count))
        if state == "failed":
            for code, failed in sorted(batch.codes.items(), key=lambda item: -item[1]):
                table.add_row("", code, str(failed))
    table.add_row("total", "", str(batch.counts.total))
    return table
