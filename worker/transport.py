"""kombu's way to Redis, with messages that cannot be read put aside."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kombu.transport import redis

from core.fleet.dead_letters import Unreadable
from core.redis_urls import Mode, parse_redis_url
from core.settings import Settings
from worker.messages import what_is_wrong

PutAside = Callable[[Unreadable, str, str], None]
"""Called with what is wrong, the queue, and the message."""


class _Careful:
    """Looks at each message before it is decoded."""

    put_aside: PutAside

    def _create_client(self, asynchronous: bool = False) -> Any:
        client = super()._create_client(asynchronous)  # type: ignore[misc]
        if asynchronous:
            client.parse_response = partial(self._readable, client.parse_response)
        return client

    def _readable(
        self, parse: Callable[..., Any], connection: Any, command: str, **options: Any
    ) -> Any:
        """Return Redis' answer; none, as when no message has come, for one that is put aside."""
        answer = parse(connection, command, **options)
        if command != "BRPOP" or not answer:
            return answer
        queue, message = answer
        wrong = what_is_wrong(message)
        if wrong is None:
            return answer
        self.put_aside(wrong, _text(queue), _text(message))
        return None


class Channel(_Careful, redis.Channel):
    """To one server."""

    from_transport_options = (*redis.Channel.from_transport_options, "put_aside")


class SentinelChannel(_Careful, redis.SentinelChannel):
    """To the one that sentinels name."""

    from_transport_options = (*redis.SentinelChannel.from_transport_options, "put_aside")


class Transport(redis.Transport):
    """Celery finds it by its name."""

    Channel = Channel


class SentinelTransport(redis.SentinelTransport):
    """The same behind sentinels."""

    Channel = SentinelChannel


def transport_for(settings: Settings) -> str:
    """Return the name of the transport to the broker of some settings."""
    kind = (
        SentinelTransport if parse_redis_url(settings.broker).mode is Mode.SENTINEL else Transport
    )
    return f"{__name__}:{kind.__name__}"


def _text(data: str | bytes) -> str:
    return data.decode(errors="replace") if isinstance(data, bytes) else data
