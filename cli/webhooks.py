"""``tintype webhooks``: tells receivers that jobs have ended."""

import signal

import click

from core import heartbeats, logs, tracing
from core.servers import connect_state
from core.settings import Settings


@click.command()
@click.option("--alive", is_flag=True, help="Exit 0 if one runs on this host; for health checks.")
def webhooks(alive: bool) -> None:
    """Send webhook deliveries, signed with TINTYPE_WEBHOOK_SECRET, until SIGTERM or Ctrl-C."""
    settings = Settings.load()
    if alive:
        _check_alive(settings)
        return
    from webhooks.service import Webhooks

    tracing.check(settings)
    logs.configure(settings)
    tracing.start(settings, "webhooks")
    service = Webhooks(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    service.run()
    tracing.stop()


def _check_alive(settings: Settings) -> None:
    with connect_state(settings) as redis:
        if not heartbeats.alive_here(redis, heartbeats.WEBHOOKS):
            raise click.ClickException("nothing that sends webhooks has been heard from lately")
