"""``tintype drain``: empty the workers of a host."""

import time

import click
from redis import Redis

from cli.operators import operators_redis
from cli.progress_views import printable
from core import heartbeats
from core.errors import DrainUnfinished
from core.fleet import Drains, ParentBeat, read_fleet
from core.fleet.reading import read_beats

LOOK_SECONDS = 0.5


@click.command()
@click.argument("host")
@click.option("--wait", is_flag=True, help="Return when nothing runs there any more.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait; after that the exit code is 1, and the host stays drained.",
)
@click.option("--undo", is_flag=True, help="Have the workers of the host take jobs again.")
def drain(host: str, wait: bool, timeout: float, undo: bool) -> None:
    """Have the workers of HOST finish what they run and take nothing more.

    It lasts until --undo, for workers that are started there later, too. They stay and idle: stop
    them as you always do.
    """
    if undo and wait:
        raise click.UsageError("--wait is for draining; leave out one of the two.")
    with operators_redis() as redis:
        if undo:
            _undo(redis, host)
        else:
            _drain(redis, host)
        if wait:
            wait_until_empty(redis, host, timeout)
            click.echo(f"Nothing runs on {printable(host)} any more.")


def _drain(redis: Redis, host: str) -> None:
    Drains(redis).drain(host)
    click.echo(f"The workers of {printable(host)} take nothing more, until --undo.")


def _undo(redis: Redis, host: str) -> None:
    was = Drains(redis).undo(host)
    word = "take jobs again" if was else "were not drained"
    click.echo(f"The workers of {printable(host)} {word}.")


def wait_until_empty(redis: Redis, host: str, timeout: float) -> None:
    """Wait until the workers of a host have nothing and take nothing.

    Raises:
        DrainUnfinished: they have after so many seconds.
    """
    until = time.monotonic() + timeout
    while busy := _busy(redis, host):
        if time.monotonic() >= until:
            raise DrainUnfinished(
                printable(f"on {host} there is still: {', '.join(busy)}; ")
                + "it stays drained; wait longer, or stop the workers: jobs go back to the queue"
            )
        time.sleep(LOOK_SECONDS)


def _busy(redis: Redis, host: str) -> list[str]:
    """Return what keeps a host's workers."""
    mark = Drains(redis).mark(host)
    beats = read_beats(redis, heartbeats.PARENTS, ParentBeat)
    working = [
        f"{beat.name} ({heartbeats.pid_of(member)}) with {beat.taken} messages"
        for member, beat in beats.items()
        if heartbeats.host_of(member) == host and beat and not _is_empty(beat, mark)
    ]
    doing = [each.job or each.batch for each in read_fleet(redis).workers if each.host == host]
    return working + [each for each in doing if each]


def _is_empty(beat: ParentBeat, mark: str | None) -> bool:
    """Whether a worker has obeyed this mark, and no earlier one, and has nothing left."""
    return not beat.taken and (beat.stopping or (mark is not None and beat.obeys == mark))
