"""``tintype api`` and ``worker``: one part of the service, and what containers ask of it."""

import logging
import os
import socket
from contextlib import suppress

import click

from core import durability, heartbeats, logs, tracing
from core.errors import NoLiveWorker, QueueUnavailable
from core.keys import KeyStore
from core.keys.serving import CREATE, decide_keys, is_loopback, no_key_yet
from core.servers import connect_state
from core.settings import Settings
from models import Catalogue

log = logging.getLogger(__name__)


@click.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port.")
def api(bind: str) -> None:
    """Run the HTTP API."""
    from api.services import Services
    from cli.http_server import Gunicorn

    settings = Settings.load()
    settings = settings.model_copy(update={"keys": decide_keys(settings, bind)})
    Catalogue.from_settings(settings).default()
    # Gunicorn would bury in a traceback what cannot work.
    Services.from_settings(settings)
    tracing.check(settings)
    logs.configure(settings)
    with suppress(QueueUnavailable), connect_state(settings, patience=0.1) as redis:
        for warning in durability.warnings(redis).values():
            log.warning(warning)
        # While Redis is away nobody gets in without a key, either.
        if settings.keys == "required" and not KeyStore(redis).any_usable():
            if not is_loopback(bind):
                raise no_key_yet(bind)
            log.warning("requests need a key, and there is none yet; make one with %s", CREATE)
    Gunicorn(settings, bind).run()


@click.command()
@click.option("--name", default="worker", show_default=True, help="Name of this worker.")
def worker(name: str) -> None:
    """Run a worker: one Celery parent with TINTYPE_CONCURRENCY children."""
    from worker.app import make_app
    from worker.parent import check

    settings = Settings.load()
    check(settings)
    tracing.check(settings)
    logs.configure(settings)
    host = f"{name}-{os.getpid()}@{socket.gethostname()}"
    make_app(settings).worker_main(
        [
            *("--quiet", "worker", "--pool", "prefork", "--without-gossip", "--without-mingle"),
            *("--hostname", host, "--loglevel", settings.log_level),
        ]
    )


@click.command()
def alive() -> None:
    """Exit 0 if a worker child of this host has its network loaded; for health checks."""
    settings = Settings.load()
    with connect_state(settings) as redis:
        if not heartbeats.alive_here(redis):
            raise NoLiveWorker("no worker child of this host has been heard from lately")


@click.command()
def init() -> None:
    """Create the upload bucket if there is none."""
    from core.storage import Storage

    settings = Settings.load()
    Storage(settings).ensure_bucket(settings.bucket)
