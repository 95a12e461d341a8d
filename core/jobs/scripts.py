"""The Lua scripts, each with what they share put before it."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis import Redis

from core.redis_client import reachable

PREFIX = "tintype"
COMMON = ("keys", "notices", "requests", "uploads", "batches", "states")
"""What is put before every script, in this order."""


class Scripts:
    """Runs ``lua/<name>.lua``: one script per change, so nobody ever sees half of one."""

    def __init__(self, redis: Redis, *names: str, package: str = "core.jobs") -> None:
        common = "".join(_read("core.jobs", name) for name in COMMON)
        if package != "core.jobs":
            common += _read(package, "common")
        self._scripts = {
            name: redis.register_script(common + _read(package, name)) for name in names
        }

    def run(self, name: str, *arguments: str | int) -> Any:
        """Return what a script returns.

        Raises:
            QueueUnavailable: Redis is away, or damaged.
        """
        with reachable():
            return self._scripts[name](args=[PREFIX, *arguments])


def _read(package: str, name: str) -> str:
    return (files(package) / "lua" / f"{name}.lua").read_text()


def key(*parts: str) -> str:
    """Return the name of a key in Redis."""
    return ":".join((PREFIX, *parts))


def as_fields(flat: Sequence[str]) -> dict[str, str]:
    """Return a hash that a script gave as a list of fields and values."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
