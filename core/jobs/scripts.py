"""The Lua scripts, each with what they share put before it."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis import Redis

from core.redis_client import reachable

PREFIX = "tintype"


class Scripts:
    """Runs ``lua/<name>.lua``: one script per change, so nobody ever sees half of one."""

    def __init__(self, redis: Redis, *names: str) -> None:
        folder = files("core.jobs") / "lua"
        common = (folder / "common.lua").read_text()
        self._scripts = {
            name: redis.register_script(common + (folder / f"{name}.lua").read_text())
            for name in names
        }

    def run(self, name: str, *arguments: str | int) -> Any:
        """Return what a script returns.

        Raises:
            QueueUnavailable: Redis is away, or damaged.
        """
        with reachable():
            return self._scripts[name](args=[PREFIX, *arguments])


def key(*parts: str) -> str:
    """Return the name of a key in Redis."""
    return ":".join((PREFIX, *parts))


def as_fields(flat: Sequence[str]) -> dict[str, str]:
    """Return a hash that a script gave as a list of fields and values."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
