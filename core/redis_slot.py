"""A client of one slot of a cluster: all keys of an installation are in one.

To that slot's primary it talks as to a single server, so pipelines, scripts, blocking reads and
the clock are of one node. Which one that is, each new connection asks.
"""

from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool, SSLConnection
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from core.redis_urls import Node

ELSEWHERE = (AskError, ClusterDownError, MovedError, ReadOnlyError, TryAgainError)
"""Refusals of a node that is not the slot's primary: nothing has been done."""


class SlotPrimary:
    """Finds the node that has a slot."""

    def __init__(self, seeds: Sequence[Node], slot: int, options: dict[str, Any]) -> None:
        """``options``: how to connect to a node."""
        self._seeds = seeds
        self._known: Sequence[Node] = ()
        self._slot = slot
        self._options = options

    def find(self) -> Node:
        """Ask the nodes that are known one after the other.

        Raises:
            RedisConnectionError: none of them knows.
        """
        reason: Exception | None = None
        for node in dict.fromkeys((*self._known, *self._seeds)):
            try:
                slots = self._ask(node)
            except RedisError as error:
                reason = error
                continue
            self._known = [_node(each, node) for entry in slots for each in entry[2:]]
            for first, last, primary, *_ in slots:
                if first <= self._slot <= last:
                    return _node(primary, node)
        raise RedisConnectionError(f"no node has slot {self._slot}: {reason or 'nobody serves it'}")

    def _ask(self, node: Node) -> Sequence[Any]:
        host, port = node
        once = Retry(NoBackoff(), 0)
        with Redis(host=host, port=port, retry=once, **self._options) as client:
            # As the server says it; by CLUSTER_SLOTS it would come in another form.
            client.response_callbacks.pop("CLUSTER SLOTS", None)
            answer: Sequence[Any] = client.execute_command("CLUSTER SLOTS")
        return answer


def _node(entry: Sequence[Any], asked: Node) -> Node:
    """Return host and port; a node that knows no name of itself is where it was asked."""
    host = entry[0].decode() if isinstance(entry[0], bytes) else entry[0]
    return asked[0] if host in {None, "", "?"} else host, int(entry[1])


class PrimaryConnection(Connection):
    """Is lost when its server is the primary no longer: who connects again may reach another."""

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Return an answer; a refusal of a server that is not the primary is a lost connection."""
        try:
            return super().read_response(*args, **options)
        except ELSEWHERE as error:
            self.disconnect()  # type: ignore[no-untyped-call]
            raise RedisConnectionError(f"the server is not the primary: {error}") from error


class PrimarySSLConnection(PrimaryConnection, SSLConnection):
    """The same with TLS."""


class SlotConnection(PrimaryConnection):
    """Connects to whichever node has the slot at that moment."""

    def __init__(self, *, find: Callable[[], Node], **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._find = find

    def _connect(self) -> Any:
        self.host, self.port = self._find()
        return super()._connect()  # type: ignore[no-untyped-call]


class SlotSSLConnection(SlotConnection, SSLConnection):
    """The same with TLS."""


def slot_client(primary: SlotPrimary, tls: bool, options: dict[str, Any]) -> Redis:
    """Return a client of a slot; ``options`` of its connections."""
    kind = SlotSSLConnection if tls else SlotConnection
    return Redis.from_pool(ConnectionPool(connection_class=kind, find=primary.find, **options))
