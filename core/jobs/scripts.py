"""The Lua scripts, each with what they share put before it."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis import Redis
from uuid_utils import UUID

from core import schema
from core.errors import InvalidCursor
from core.namespace import key, prefix
from core.redis_client import reachable
from core.tracing.servers import SCRIPTS

__all__ = ["Scripts", "as_fields", "as_id", "key", "milliseconds"]
COMMON = (
    *("keys", "schemas", "totals", "owners", "notices", "requests", "uploads"),
    *("batches", "minutes", "states"),
)
"""What is put before every script, in this order."""


class Scripts:
    """Runs ``lua/<name>.lua``: one script per change, so nobody ever sees half of one."""

    def __init__(self, redis: Redis, *names: str, package: str = "core.jobs") -> None:
        common = f"local SCHEMA = {schema.SCHEMA}\n"
        common += "".join(_read("core.jobs", name) for name in COMMON)
        if package != "core.jobs":
            common += _read(package, "common")
        self._scripts = {
            name: redis.register_script(common + _read(package, name)) for name in names
        }
        SCRIPTS.update((script.sha, name) for name, script in self._scripts.items())

    def run(self, name: str, *arguments: str | int) -> Any:
        """Return what a script returns.

        Raises:
            QueueUnavailable: Redis is away, or damaged.
        """
        with reachable():
            # The one key that is named is what a cluster routes by; the others are in its slot.
            return self._scripts[name](keys=[key("")], args=[prefix(), *arguments])


def _read(package: str, name: str) -> str:
    return (files(package) / "lua" / f"{name}.lua").read_text()


def milliseconds(seconds: float) -> int:
    """Return a time as scripts take it."""
    return round(seconds * 1000)


def as_id(cursor: str) -> str:
    """Return the cursor if it is an id: it becomes part of a range, so nothing else may.

    Raises:
        InvalidCursor: it is not.
    """
    try:
        return str(UUID(cursor))
    except ValueError as error:
        raise InvalidCursor("cursor must be the 'next' of an earlier page") from error


def as_fields(flat: Sequence[str]) -> dict[str, str]:
    """Return a hash that a script gave as a list of fields and values."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
