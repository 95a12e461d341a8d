"""``tintype redecode``: another colouring of a finished job, without the network."""

import sys
from pathlib import Path
from typing import Any

import click

from cli.flags import as_options, order_flags
from cli.progress_views import printable
from cli.service import Failure, connected, object_url
from tintype_client import Client, Job


@click.command()
@click.argument("job", metavar="JOB")
@click.option(
    "--to", callback=object_url, metavar="s3://BUCKET/KEY", help="Where in storage it goes."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to download the result to.",
)
@order_flags
@click.option("--json", "as_json", is_flag=True, help="Print the job as JSON.")
def redecode(
    job: str,
    to: str | None,
    output: Path | None,
    priority: str | None,
    api: str | None,
    token: str | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Decode a finished JOB in another way; it needs --keep-distribution when it is submitted.

    Options that are left out stay as they were. It makes a new job and waits for its end.
    """
    with connected(api, token) as client:
        options = as_options(flags)
        made = client.redecode(job, options=options, destination=to, priority=priority, wait=20)
        made = client.wait(made)
        if output and made.state == "succeeded":
            _download(client, made, output)
    _show(made, output, as_json=as_json)
    sys.exit(made.state != "succeeded")


def _download(client: Client, job: Job, output: Path) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        client.download(job, output)
    except OSError as error:
        raise Failure("file_error", f"{error}; job {job.id} has succeeded") from error


def _show(job: Job, output: Path | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(job.model_dump_json())
    elif job.error:
        click.secho(printable(f"{job.error.code}: {job.error.detail}"), fg="red", err=True)
    else:
        click.echo(printable(f"{job.id}: {job.state}, {output or job.destination}"))
