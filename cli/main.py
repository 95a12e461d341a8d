"""The ``tintype`` command; a subcommand's module is imported when it is asked for."""

import importlib
import os
import sys
from importlib.metadata import version

import click

from core.errors import TintypeError
from core.settings import Settings

COMMANDS = {
    "up": "cli.up",
    "demo": "cli.demo",
    "colorize": "cli.colorize",
    "submit": "cli.submit",
    "redecode": "cli.redecode",
    "batch": "cli.batch",
    "watch": "cli.watch",
    "report": "cli.report",
    "plan": "cli.plan",
    "models": "cli.models",
    "keys": "cli.keys",
    "workers": "cli.fleet.workers",
    "queue": "cli.fleet.queue",
    "drain": "cli.fleet.drain",
    "doctor": "cli.doctor.command",
    "api": "cli.serve",
    "worker": "cli.serve",
    "webhooks": "cli.webhooks",
    "alive": "cli.serve",
    "init": "cli.serve",
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads their code late."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order that help shows them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(COMMANDS[name]), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup)
@click.version_option(version("tintype"))
def cli() -> None:
    """Colorize black-and-white photographs."""


def main() -> None:
    """Run the command line; our own errors become one line and exit code 1."""
    try:
        # OpenCV reads its own limit once, when it is loaded.
        os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(Settings.load().max_pixels))
        cli()
    except TintypeError as error:
        click.echo(f"tintype: {error.code}: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
