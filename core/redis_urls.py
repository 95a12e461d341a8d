"""What a URL says about a Redis: one server, one that sentinels name, or a cluster."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

FORMS = (
    "it must be redis://[user:password@]host:port/db, "
    "redis+sentinel://[user:password@]host:port,host:port/service, "
    "redis+cluster://[user:password@]host:port,host:port, or one of these with rediss for TLS"
)
"""For messages: never the URL itself, which may have a password."""
SENTINEL_PORT = 26379
REDIS_PORT = 6379
LAST_PORT = 65535
_URL = re.compile(
    r"(?P<scheme>rediss?)\+(?P<mode>sentinel|cluster)://"
    r"(?:(?P<user>[^:@/?#]*)(?::(?P<password>[^@/?#]*))?@)?"
    r"(?P<nodes>[^@/?#]+)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?"
)
_NODE = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>\d+))?")
_SERVICE = re.compile(r"/(?P<service>[A-Za-z0-9._-]+)(?:/(?P<db>\d{1,4}))?")
Node = tuple[str, int]


class Mode(StrEnum):
    """How the server that has the keys is found."""

    SINGLE = "single"
    """The URL names it."""
    SENTINEL = "sentinel"
    """Sentinels know the primary of a service."""
    CLUSTER = "cluster"
    """Any node of the cluster knows which one has a slot."""


@dataclass(frozen=True)
class RedisUrl:
    """A URL that was checked."""

    mode: Mode
    tls: bool
    nodes: tuple[Node, ...] = ()
    """Sentinels, or nodes of a cluster; empty for one server, whose URL the client reads."""
    service: str = ""
    """What sentinels call the primary and its replicas."""
    db: int = 0
    login: dict[str, str] = field(default_factory=dict, repr=False)
    """``username`` and ``password`` of the servers that have the keys, as far as they are given."""
    sentinel_login: dict[str, str] = field(default_factory=dict, repr=False)
    """The same of the sentinels."""


def parse_redis_url(url: str) -> RedisUrl:
    """Return what a URL says.

    Raises:
        ValueError: it says nothing that works; the message does not repeat it.
    """
    if url.startswith(("redis://", "rediss://")):
        return _single(url)
    match = _URL.fullmatch(url)
    if not match:
        raise ValueError(FORMS)
    mode = Mode(match["mode"])
    common: dict[str, Any] = {
        "mode": mode,
        "tls": match["scheme"] == "rediss",
        "login": _login(match["user"], match["password"]),
    }
    if mode is Mode.CLUSTER:
        if (match["path"] or "/") not in {"/", "/0"} or match["query"]:
            raise ValueError("a cluster has one database, so nothing may follow its nodes")
        return RedisUrl(nodes=_nodes(match["nodes"], REDIS_PORT), **common)
    known = _SERVICE.fullmatch(match["path"] or "")
    if not known:
        raise ValueError("a service must follow the sentinels, such as host:26379/tintype")
    return RedisUrl(
        nodes=_nodes(match["nodes"], SENTINEL_PORT),
        service=known["service"],
        db=int(known["db"] or 0),
        sentinel_login=_sentinel_login(match["query"] or ""),
        **common,
    )


def check_redis_url(url: str) -> str:
    """Return the URL of a Redis if it can be used.

    Raises:
        ValueError: it cannot.
    """
    parse_redis_url(url)
    return url


def check_broker_url(url: str) -> str:
    """Return the URL of a Redis if Celery can use it.

    Raises:
        ValueError: it cannot.
    """
    if parse_redis_url(url).mode is Mode.CLUSTER:
        raise ValueError("Celery cannot use a cluster; name one server, or sentinels")
    return url


def _single(url: str) -> RedisUrl:
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError(FORMS) from None
    return RedisUrl(Mode.SINGLE, tls=url.startswith("rediss"))


def _nodes(text: str, port: int) -> tuple[Node, ...]:
    return tuple(_node(part, port) for part in text.split(","))


def _node(text: str, default: int) -> Node:
    match = _NODE.fullmatch(text)
    port = int(match["port"] or default) if match else 0
    if not match or not 0 < port <= LAST_PORT:
        raise ValueError(FORMS)
    return match["v6"] or match["name"], port


def _login(user: str | None, password: str | None) -> dict[str, str]:
    named = {"username": user, "password": password}
    return {name: unquote(value) for name, value in named.items() if value}


def _sentinel_login(query: str) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    login = _login(given.pop("sentinel_user", None), given.pop("sentinel_password", None))
    if given:
        raise ValueError("after the service, only sentinel_user and sentinel_password may follow")
    return login
