"""``tintype webhooks``: tells receivers that jobs have ended."""

import logging
import signal

import click

from cli.serve import LOG_FORMAT
from core import heartbeats
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

    logging.basicConfig(level=settings.log_level, format=LOG_FORMAT)
    service = Webhooks(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    service.run()


def _check_alive(settings: Settings) -> None:
    with connect_state(settings) as redis:
        if not heartbeats.alive_here(redis, heartbeats.WEBHOOKS):
            raise click.ClickException("nothing that sends webhooks has been heard from lately")
