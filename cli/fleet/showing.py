"""Showing something once, or again and again until Ctrl-C."""

import time
from collections.abc import Callable
from contextlib import suppress

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from cli.progress_views import printable
from core.errors import QueueUnavailable

LOOK_SECONDS = 1.0
WIDE = 250
"""Columns where there is no terminal: nothing is folded."""


def show(picture: Callable[[], RenderableType], *, live: bool) -> None:
    """Print a picture, or renew it every second while someone looks.

    Raises:
        QueueUnavailable: Redis is away, at the first look.
    """
    console, first = Console(), picture()
    if not console.is_terminal:
        Console(width=WIDE).print(first)
        return
    if not live:
        console.print(first)
        return
    with suppress(KeyboardInterrupt), Live(first, console=console, auto_refresh=False) as view:
        last = first
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                last = picture()
                view.update(last, refresh=True)
            except QueueUnavailable as error:
                notice = Text(f"asking again: {printable(str(error))}", style="yellow")
                view.update(Group(last, notice), refresh=True)


def as_json(text: str) -> None:
    """Print what programs read."""
    click.echo(text)


def ago(seconds: float) -> str:
    """Return seconds in few characters: ``12.3 s``, ``5 min``, ``3 h``, ``4 d``."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} d"
