"""Connecting to Redis, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry
from redis.sentinel import Sentinel

from core import namespace
from core.errors import QueueUnavailable
from core.redis_slot import (
    PrimaryConnection,
    PrimarySSLConnection,
    SlotPrimary,
    slot_client,
)
from core.redis_urls import Mode, RedisUrl, parse_redis_url
from core.tracing.servers import trace_redis


@dataclass(frozen=True)
class Tls:
    """What TLS needs beside the URL. Names are always checked against certificates."""

    ca: Path | None = None
    """Certificates of who is believed; None: those of the system."""
    certificate: Path | None = None
    """Ours, with its key, where the server asks for one."""
    key: Path | None = None

    @property
    def options(self) -> dict[str, Any]:
        """As the client takes them."""
        files = {"ssl_ca_certs": self.ca, "ssl_certfile": self.certificate, "ssl_keyfile": self.key}
        return {name: str(path) for name, path in files.items() if path}


def connect(url: str, patience: float = 2, timeout: float = 2, tls: Tls | None = None) -> Redis:
    """Return a client that reconnects for about ``patience`` seconds.

    An answer that takes longer than ``timeout`` seconds is an error at once: a second try would
    only wait again, and a change of state must not be sent twice. Behind sentinels and in a
    cluster, whoever reconnects asks first where the primary is by now.
    """
    parsed = parse_redis_url(url)
    encrypted = (tls or Tls()).options if parsed.tls else {}
    common = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "socket_keepalive": True,
        # With them on, a connection that still has an answer to come is used again.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    options = {
        "decode_responses": True,
        "health_check_interval": 5,
        "retry": _retry(patience),
        **common,
        **encrypted,
    }
    if parsed.mode is Mode.SINGLE:
        kind = PrimarySSLConnection if parsed.tls else PrimaryConnection
        return trace_redis(Redis.from_url(url, connection_class=kind, **options))
    ask = {**common, **encrypted, "ssl": parsed.tls}
    if parsed.mode is Mode.SENTINEL:
        return trace_redis(_behind_sentinels(parsed, options, ask))
    slot = key_slot(namespace.prefix().encode())
    primary = SlotPrimary(parsed.nodes, slot, {**ask, **parsed.login})
    return trace_redis(slot_client(primary, parsed.tls, {**options, **parsed.login}))


def _behind_sentinels(url: RedisUrl, options: dict[str, Any], ask: dict[str, Any]) -> Redis:
    once = {"retry": Retry(NoBackoff(), 0)}
    ask = {**ask, **url.sentinel_login, **once}
    sentinels = Sentinel(url.nodes, sentinel_kwargs=ask)  # type: ignore[no-untyped-call]
    own = {**options, **url.login, "db": url.db, "ssl": url.tls}
    primary: Redis = sentinels.master_for(url.service, **own)  # type: ignore[no-untyped-call]
    return primary


def _retry(patience: float) -> Retry:
    return Retry(
        ExponentialWithJitterBackoff(base=0.05, cap=1.0),
        retries=max(1, round(patience / 0.5)),
        supported_errors=(RedisConnectionError,),
    )


@contextmanager
def reachable(setting: str = "TINTYPE_REDIS_URL") -> Iterator[None]:
    """Turn the client's errors into ours; ``setting`` is what to check.

    Raises:
        QueueUnavailable: Redis cannot be reached or refuses.
    """
    try:
        yield
    except RedisError as error:
        raise QueueUnavailable(f"Redis cannot be used: {error}; check {setting}") from error
