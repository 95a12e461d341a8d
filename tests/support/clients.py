"""Both clients behind one face, so that one test holds for both."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any, Literal, cast

from tintype_client import AsyncClient, Client

Kind = Literal["sync", "async"]
KINDS: tuple[Kind, ...] = ("sync", "async")


@contextmanager
def open_client(kind: Kind, api: str, **arguments: Any) -> Iterator[Client]:
    """Yield a client; the asynchronous one is driven from outside its loop."""
    if kind == "sync":
        with Client(api, **arguments) as client:
            yield client
        return
    with asyncio.Runner() as runner:
        driven = _Driven(runner, AsyncClient(api, **arguments))
        try:
            yield cast(Client, driven)
        finally:
            driven.aclose()


class _Driven:
    """An AsyncClient whose methods block."""

    def __init__(self, runner: asyncio.Runner, client: AsyncClient) -> None:
        self._runner = runner
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def blocking(*args: Any, **kwargs: Any) -> Any:
            answer = method(*args, **kwargs)
            if isawaitable(answer):
                return self._runner.run(_awaited(answer))
            return self._iterate(answer)

        return blocking

    def _iterate(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        while True:
            try:
                yield self._runner.run(_awaited(anext(items)))
            except StopAsyncIteration:
                return


async def _awaited(answer: Any) -> Any:
    return await answer
