"""``tintype up``: the whole service in the foreground."""

from pathlib import Path

import click

from cli.stack import Stack, StackOptions, stop_on_signals
from core.settings import Settings


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".tintype"),
    show_default=True,
    help="Folder for Redis' and storage's data, logs and stack.json.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8000,
    show_default=True,
    help="Of the API; 0 is any free one.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes."
)
def up(data: Path, port: int, workers: int) -> None:
    """Run Redis, S3, the API and workers until Ctrl-C.

    A second Ctrl-C does not wait for running jobs; they start over in the next run, some ten
    seconds after it has begun.
    TINTYPE_REDIS_URL and TINTYPE_S3_ENDPOINT replace the embedded servers.
    """
    stack = Stack(StackOptions(data, port, workers), Settings.load(), click.echo)

    stop_on_signals(stack)
    try:
        stack.start()
        if not stack.stopping:
            click.echo(f"Tintype is ready: {stack.url}  (docs: {stack.url}/docs)")
            click.echo(f"Details: {stack.file}; Ctrl-C stops everything.")
            stack.watch()
            click.echo("Stopping; running jobs are finished first. Again Ctrl-C: at once.")
    finally:
        stack.stop()
