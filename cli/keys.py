"""``tintype keys``: who may use the service."""

import json
import re
from datetime import UTC, datetime, timedelta

import click
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.operators import operators_redis
from cli.progress_views import printable
from core.errors import InvalidSetting
from core.keys import ApiKey, KeyRequest, KeyStore, Scope

UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def _lifetime(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Read ``12h``, ``90d`` or ``4w``."""
    if value is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", value)
    if not match:
        raise click.BadParameter(f"{value!r} is not a time such as 12h, 90d or 4w.")
    return datetime.now(UTC) + timedelta(**{UNITS[match[2]]: int(match[1])})


@click.group()
def keys() -> None:
    """Make, list and revoke the keys of the API."""


@keys.command()
@click.option("--name", required=True, help="For people: what the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the key is for; repeatable; left out: submit and read. admin sees everybody's jobs.",
)
@click.option(
    "--buckets",
    "access",
    default="",
    metavar="RULES",
    help="Buckets and prefixes as in TINTYPE_BUCKETS, which still holds, too; left out: all of "
    "those.",
)
@click.option("--owner", help="Keys of one owner see the same jobs; left out: this key alone.")
@click.option("--expires", callback=_lifetime, metavar="TIME", help="12h, 90d or 4w from now.")
@click.option("--rate", metavar="N/UNIT", help="Requests, as 100/minute.")
@click.option("--quota", type=click.IntRange(min=1), help="Jobs that the owner may make in a day.")
def create(
    name: str,
    scopes: tuple[str, ...],
    access: str,
    owner: str | None,
    expires: datetime | None,
    rate: str | None,
    quota: int | None,
) -> None:
    """Make a key and print it, once: only its digest is kept."""
    try:
        wanted = KeyRequest(
            name=name,
            scopes=frozenset(map(Scope, scopes or ("submit", "read"))),
            access=access,
            owner=owner,
            expires=expires,
            rate=rate,
            quota=quota,
        )
    except ValidationError as error:
        problems = (f"--{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise InvalidSetting("; ".join(problems)) from error
    made, text = _store().create(wanted)
    click.echo(text)
    click.echo(
        f"This is key {made.id} of owner {made.owner}; it is not shown again. "
        f"'tintype keys revoke {made.id}' ends it.",
        err=True,
    )


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per key.")
def list_keys(as_json: bool) -> None:
    """List the keys, without their secrets."""
    found = _store().list()
    if as_json:
        for each in found:
            click.echo(json.dumps(each.model_dump(mode="json") | {"scopes": each.sorted_scopes}))
        return
    table = Table("id", "name", "owner", "scopes", "buckets", "state", "last used", box=None)
    for each in found:
        scopes = " ".join(each.sorted_scopes)
        name = escape(printable(each.name))
        row = (each.id, name, each.owner, scopes, each.access or "all", _state(each))
        table.add_row(*row, _day(each.last_used) or "never")
    Console().print(table)


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """End a key at once, with the sessions opened with it; its jobs go on."""
    _store().revoke(key_id)
    click.echo(f"{key_id} opens nothing any more.")


def _store() -> KeyStore:
    return KeyStore(operators_redis())


def _state(each: ApiKey) -> str:
    if each.revoked:
        return "revoked"
    if not each.usable(datetime.now(UTC)):
        return "expired"
    return f"until {_day(each.expires)}" if each.expires else "good"


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
