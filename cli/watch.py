"""``tintype watch``: a batch or a job as it goes."""

import sys
import time
from itertools import islice
from typing import TypeVar

import click
from rich.console import Console

from cli.flags import api_flag
from cli.progress_views import View, open_view
from cli.service import Failure, connected
from tintype_client import Batch, Client, Entry, Job, TintypeApiError, TintypeClientError
from tintype_client.retries import is_passing

LOOK_SECONDS = 1.0
AWAY_SECONDS = 600.0
"""How long the API may be away before watching ends."""
FAILURES_SHOWN, FAILURES_READ = 5, 500
R = TypeVar("R", bound=Job | Batch)


@click.command()
@click.argument("id", metavar="ID")
@api_flag
def watch(id: str, api: str | None, token: str | None) -> None:
    """Follow a batch or a job to its end.

    The exit code is 0 if it has succeeded and 1 if not. Ctrl-C only stops watching.
    """
    console = Console()
    with connected(api, token) as client:
        found = _find(client, id)
        ended = follow(client, found, console)
    sys.exit(ended.state != "succeeded")


def follow(client: Client, record: R, console: Console) -> R:
    """Show a batch or job until it has ended; return what it is then.

    Ctrl-C ends the command and nothing else. An API that is away is asked again, for ten minutes.
    """
    failures = Failures(client)
    try:
        with open_view(console) as view:
            failures.update(record)
            view.show(record, failures.last)
            while not record.ended:
                record = _look(client, record, failures, view)
                view.show(record, failures.last)
    except KeyboardInterrupt:
        click.echo(f"Not watching any more; {record.id} goes on.", err=True)
        sys.exit(130)
    return record


class Failures:
    """The last failures of a batch, read anew when there are more of them."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._count = 0
        self.last: list[Entry] = []

    def update(self, record: Job | Batch) -> None:
        """Read the failures, if their number has changed; those of the first 500."""
        if isinstance(record, Batch) and record.counts.failed != self._count:
            entries = self._client.batch_jobs(record, state="failed", page_size=FAILURES_READ)
            self.last = [*islice(entries, FAILURES_READ)][-FAILURES_SHOWN:]
            self._count = record.counts.failed


def _find(client: Client, id: str) -> Job | Batch:
    """Return the job or batch with an id."""
    try:
        return client.job(id)
    except TintypeApiError as error:
        if error.code != "job_not_found":
            raise
    try:
        return client.batch(id)
    except TintypeApiError as error:
        if error.code != "batch_not_found":
            raise
        raise Failure(error.code, f"no batch and no job has the id {id!r}") from error


def _look(client: Client, record: R, failures: Failures, view: View) -> R:
    """Return the record as it is when it ends, or a second later; wait for an API that is away."""
    began = time.monotonic()
    while True:
        try:
            record = client.look(record, wait=LOOK_SECONDS)
            failures.update(record)
            break
        except TintypeClientError as error:
            if not is_passing(error) or time.monotonic() - began > AWAY_SECONDS:
                raise
            view.away(error)
        time.sleep(LOOK_SECONDS)
    if not record.ended:
        # An API with no thread to spare answers at once.
        time.sleep(max(0.0, began + LOOK_SECONDS - time.monotonic()))
    return record
