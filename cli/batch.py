"""``tintype batch``: all photographs below a prefix, by a running service."""

import sys
from typing import Any, Literal

import click
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from cli.flags import as_options, order_flags
from cli.progress_views import duration, printable, problem_line
from cli.service import connected, object_url, prefix_url
from cli.watch import follow
from tintype_client import Batch


@click.command()
@click.argument("source", callback=prefix_url, metavar="s3://BUCKET/PREFIX")
@click.option(
    "--to",
    required=True,
    callback=prefix_url,
    metavar="s3://BUCKET/PREFIX",
    help="What the keys of the results begin with; it gets a slash at its end.",
)
@click.option(
    "--key-template",
    metavar="TEMPLATE",
    help="Rest of those keys, of {path}, {key}, {folder}, {name}, {stem}, {hash}; left out: "
    "{path}, what follows the last slash of the source's prefix.",
)
@click.option("--include", multiple=True, metavar="GLOB", help="Only keys that match; repeatable.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No keys that match; repeatable.")
@click.option(
    "--manifest",
    callback=object_url,
    metavar="s3://BUCKET/KEY",
    help="CSV or JSON Lines that list the keys, in storage.",
)
@click.option(
    "--on-existing",
    type=click.Choice(["skip", "overwrite"]),
    help="What to do where a result is there already; left out: skip.",
)
@click.option("--dry-run", is_flag=True, help="Count and estimate; make no job.")
@click.option("--watch", is_flag=True, help="Follow it to its end.")
@order_flags
@click.option("--json", "as_json", is_flag=True, help="Print the batch as JSON.")
def batch(
    source: str,
    to: str,
    key_template: str | None,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    manifest: str | None,
    on_existing: Literal["skip", "overwrite"] | None,
    dry_run: bool,
    watch: bool,
    priority: str | None,
    api: str | None,
    token: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Colorize all photographs below a prefix of storage.

    The service does it by itself; this command may end. With --watch or --dry-run the exit code
    is 1 if something failed.
    """
    with connected(api, token) as client:
        made = client.submit_batch(
            source,
            _with_slash(to),
            key_template=key_template,
            include=include,
            exclude=exclude,
            manifest=manifest,
            options=as_options(flags),
            priority=priority,
            on_existing=on_existing,
            dry_run=dry_run,
        )
        if dry_run:
            made = client.wait(made)
        elif watch:
            click.echo(made.id, err=as_json)
            made = follow(client, made, Console(stderr=as_json))
    if as_json:
        click.echo(made.model_dump_json())
    elif dry_run:
        _show_dry_run(made, Console())
    elif not watch:
        click.echo(made.id)
        click.echo(f"'tintype watch {made.id}' shows how it goes.", err=True)
        click.echo(f"'tintype report {made.id}' lists what came of it, in the end.", err=True)
    sys.exit((dry_run or watch) and made.state != "succeeded")


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _show_dry_run(batch: Batch, console: Console) -> None:
    """Print what a batch would do."""
    counts, estimate = batch.counts, batch.estimate
    todo = counts.total - counts.skipped - counts.failed
    seconds = estimate.seconds if estimate else None
    took = f"about {duration(seconds)}" if seconds is not None else "unknown, nothing ran lately"
    facts = Table.grid("", "", padding=(0, 2))
    facts.add_row("to do", f"{todo} photographs, {decimal(batch.bytes)}")
    facts.add_row("skipped", f"{counts.skipped}, whose results are there")
    facts.add_row("left out", f"{counts.left_out} of {counts.listed} keys")
    for code, count in batch.codes.items():
        facts.add_row("cannot be done", f"{count}: {code}")
    facts.add_row("time", took)
    console.print(facts)
    if estimate and estimate.pairs:
        pairs = Table("photograph", "result", box=None)
        for pair in estimate.pairs:
            pairs.add_row(Text(printable(pair.source)), Text(printable(pair.destination)))
        console.print(pairs)
        if todo > len(estimate.pairs):
            console.print(f"… and {todo - len(estimate.pairs)} more")
    if batch.error:
        console.print(Text(problem_line(batch), style="red"))
