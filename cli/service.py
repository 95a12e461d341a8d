"""The running service that a command talks to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from cli.progress_views import printable
from tintype_client import Client, TintypeApiError, TintypeConnectionError
from tintype_client.job_calls import split_url

STACK_FILE = Path(".tintype/stack.json")
PATIENCE = 5.0
"""Seconds that the API may be away: someone sits and waits."""


class Failure(click.ClickException):
    """What the service refused, as one line with its code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(printable(f"{code}: {detail}"))

    def show(self, file: Any = None) -> None:
        """Print it as every command prints errors."""
        click.echo(f"tintype: {self.message}", err=file is None, file=file)


def object_url(_ctx: Any, _param: Any, value: str | None) -> str | None:
    """Check ``s3://bucket/key``."""
    url = prefix_url(_ctx, _param, value)
    if url and not split_url(url)[1]:
        raise click.BadParameter(f"{url!r} has no key: write s3://bucket/key.")
    return url


def prefix_url(_ctx: Any, _param: Any, value: str | None) -> str | None:
    """Check ``s3://bucket/prefix``, whose prefix may be empty."""
    try:
        if value is not None:
            split_url(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error
    return value


@contextmanager
def connected(api: str | None, token: str | None = None) -> Iterator[Client]:
    """Talk to the service at an address, or to that of ``tintype up`` in this folder.

    ``token`` is an API key; None: that of the environment.

    Raises:
        Failure: it cannot be reached, or refuses something.
    """
    try:
        client = Client(api or stack_value("api"), token=token, patience=PATIENCE)
    except ValueError as error:
        raise Failure("api_unreachable", str(error)) from error
    with client:
        try:
            yield client
        except TintypeApiError as error:
            raise Failure(error.code, error.detail) from error
        except TintypeConnectionError as error:
            advice = "start it with 'tintype up', or say where it is with --api"
            raise Failure("api_unreachable", f"{error}; {advice}") from error


def stack_value(name: str) -> str | None:
    """Return an address that ``tintype up`` has written, if it runs in this folder."""
    try:
        return str(json.loads(STACK_FILE.read_text())[name])
    except (OSError, ValueError, KeyError, TypeError):
        return None
