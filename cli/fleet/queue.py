"""``tintype queue``: what waits, what runs, and what will not go on by itself."""

import click
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.fleet.showing import ago, as_json, show
from cli.operators import operators_settings
from cli.progress_views import printable
from core.broker import key_prefix
from core.fleet import QueueReport, read_queues
from core.fleet.dead_letters import DeadLetter
from core.servers import connect_broker, connect_state

SHOWN = 80
"""Characters of an unreadable message."""


@click.command()
@click.option("--watch", is_flag=True, help="On a terminal: look again every second.")
@click.option("--json", "json_", is_flag=True, help="Print one JSON object: all that is known.")
def queue(watch: bool, json_: bool) -> None:
    """Show queues, what runs, and dead letters."""
    settings = operators_settings()
    with connect_state(settings) as redis, connect_broker(settings) as broker:

        def read() -> QueueReport:
            return read_queues(redis, broker, key_prefix(settings))

        if json_:
            as_json(read().model_dump_json())
        else:
            show(lambda: picture(read()), live=watch)


def picture(report: QueueReport) -> RenderableType:
    """Return two tables, and the last unreadable messages."""
    lists = Table("queue", "messages", "jobs", "oldest", box=None)
    for line in report.queues:
        jobs = "" if line.jobs is None else str(line.jobs)
        lists.add_row(line.queue, str(line.messages), jobs, _age(line.jobs, line.oldest_seconds))
    rest = Table.grid(padding=(0, 2))
    for what, count in _rest(report):
        rest.add_row(str(count), escape(printable(what)))
    letters = (Text(_letter(each), style="dim") for each in report.dead.last_messages)
    return Group(lists, "", rest, *letters)


def _rest(report: QueueReport) -> list[tuple[str, int]]:
    dead = report.dead
    found = [
        ("jobs run", report.running),
        ("messages are with workers", report.taken),
        ("jobs wait for their next try", report.scheduled),
        ("jobs are held by paused batches", report.held),
        ("jobs wait for a worker of a later version", report.newer),
        ("webhooks are to be told", report.deliveries_due),
    ]
    found += [(f"jobs have failed: {code}", count) for code, count in dead.jobs.items()]
    found += [("webhooks were given up", dead.deliveries)]
    return found + [
        (f"messages could not be read: {why}", count) for why, count in dead.messages.items()
    ]


def _age(jobs: int | None, seconds: float | None) -> str:
    return ago(seconds) if jobs and seconds is not None else ""


def _letter(each: DeadLetter) -> str:
    return printable(f"{each.at:%Y-%m-%d %H:%M} {each.queue} {each.why}: {each.message[:SHOWN]}")
