"""``tintype workers``: who they are and what they do."""

from datetime import UTC, datetime

import click
from redis import Redis
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from cli.fleet.showing import ago, as_json, show
from cli.operators import operators_redis
from cli.progress_views import printable
from core.broker import QUEUES
from core.fleet import Fleet, Worker, read_fleet

SHORT = 12
"""Characters of a digest."""
COLUMNS = ("host", "worker", "pid", "state", "job", "rate", "memory", "engine", "model", "queues",
           "version", "up")  # fmt: skip


@click.command()
@click.option("--once", is_flag=True, help="Print the table and end, on a terminal, too.")
@click.option("--json", "json_", is_flag=True, help="Print one JSON object: all that is known.")
def workers(once: bool, json_: bool) -> None:
    """Show every child of every worker, live on a terminal.

    The rate is that of jobs that ended within the last minute. Processes that were not heard from
    for ten seconds are left out.
    """
    with operators_redis() as redis:
        if json_:
            as_json(read_fleet(redis).model_dump_json())
        else:
            show(lambda: _picture(redis), live=not once)


def _picture(redis: Redis) -> RenderableType:
    return picture(read_fleet(redis), datetime.now(UTC))


def picture(fleet: Fleet, now: datetime) -> RenderableType:
    """Return a table of all workers, and what there is to say of hosts that are drained."""
    table = Table(*COLUMNS, box=None)
    for each in fleet.workers:
        table.add_row(*(escape(printable(cell)) for cell in _row(each, now)))
    parts: list[RenderableType] = [table]
    if not fleet.workers:
        parts = [Text("No worker is alive; start one with 'tintype worker'.")]
    for host in sorted(fleet.drained):
        words = f"{printable(host)} is drained; 'tintype drain {printable(host)} --undo' ends it."
        parts.append(Text(words, style="yellow"))
    return Group(*parts)


def _row(each: Worker, now: datetime) -> tuple[str, ...]:
    model = f"{each.model} {(each.digest or '')[:SHORT]}" if each.model else "?"
    queues = "all" if set(QUEUES.values()) <= set(each.queues) else " ".join(each.queues)
    up = "?" if each.since is None else ago(max(0.0, (now - each.since).total_seconds()))
    return (
        each.host,
        each.name or "?",
        str(each.pid),
        each.state,
        _job(each),
        "?" if each.per_minute is None else f"{each.per_minute}/min",
        "?" if each.bytes is None else f"{each.bytes >> 20} MiB",
        each.engine or "?",
        model,
        queues or "none",
        each.version or "?",
        up,
    )


def _job(each: Worker) -> str:
    if each.job is None:
        return f"batch {each.batch}" if each.batch else ""
    return f"{each.job} {each.stage or ''} {ago(each.seconds or 0)}"
