"""kombu's way to Redis, with messages that cannot be read put aside."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kombu.transport import redis

from core.fleet.dead_letters import Unreadable
from worker.messages import what_is_wrong

PutAside = Callable[[Unreadable, str, str], None]
"""Called with what is wrong, the queue, and the message."""


class Channel(redis.Channel):
    """Looks at each message before it is decoded."""

    put_aside: PutAside
    from_transport_options = (*redis.Channel.from_transport_options, "put_aside")

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


class Transport(redis.Transport):
    """Celery finds it by its name."""

    Channel = Channel


def _text(data: str | bytes) -> str:
    return data.decode(errors="replace") if isinstance(data, bytes) else data
