"""Hosts whose workers are to take nothing: a mark that lasts until somebody takes it away.

A supervisor starts a worker again that ends, so a drained one stays and takes nothing; a new one on
the same host does the same.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from redis import Redis

from core import heartbeats
from core.errors import UnknownHost
from core.jobs.parsing import moment
from core.jobs.scripts import key, milliseconds
from core.redis_client import reachable

MOST_SHOWN = 20


class Drains:
    """Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def drain(self, host: str) -> None:
        """Have a host's workers take nothing more; as often as you like.

        Raises:
            UnknownHost: no worker of it was heard from lately, and it is not drained.
        """
        known = self.hosts()
        if host not in known:
            raise _unknown(host, known)
        with reachable():
            self._redis.hsetnx(key("drained"), host, str(milliseconds(heartbeats.now(self._redis))))

    def undo(self, host: str) -> bool:
        """Have them work again; whether the host was drained.

        Raises:
            UnknownHost: as ``drain``.
        """
        known = self.hosts()
        if host not in known:
            raise _unknown(host, known)
        with reachable():
            return bool(self._redis.hdel(key("drained"), host))

    def mark(self, host: str) -> str | None:
        """Return the mark for which a host is to take nothing; None: it works."""
        with reachable():
            return cast(str | None, self._redis.hget(key("drained"), host))

    def all(self) -> Mapping[str, datetime]:
        """Return the hosts that are to take nothing, and since when."""
        with reachable():
            found = cast(dict[str, str], self._redis.hgetall(key("drained")))
        since = ((host, moment(each)) for host, each in found.items())
        return {host: each for host, each in since if each}

    def hosts(self) -> set[str]:
        """Return the hosts of live workers, and those that are drained."""
        members = heartbeats.alive(self._redis) | heartbeats.alive(self._redis, heartbeats.PARENTS)
        return {heartbeats.host_of(member) for member in members} | {*self.all()}


def _unknown(host: str, known: set[str]) -> UnknownHost:
    names = sorted(known)
    shown = ", ".join(repr(name) for name in names[:MOST_SHOWN]) or "none: no worker is alive"
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return UnknownHost(f"no worker is known on {host[:100]!r}; known hosts: {shown}{more}")
