"""A TCP proxy in front of a server, with the faults that networks and servers have."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 64 * 1024
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Weather:
    """What the network is like just now."""

    slow: tuple[float, float] | None = None
    """Seconds, from and to, that each request takes longer."""
    busy: float = 0.0
    """Share of requests that are answered with 503."""
    cuts: float = 0.0
    """Share of connections that are cut in the middle of what they carry, either way."""


@dataclass
class Pair:
    """A client's connection and ours to the server."""

    client: socket.socket
    server: socket.socket
    frozen: bool = False
    """Open on both sides, and nothing passes."""

    def close(self) -> None:
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@dataclass
class Proxy:
    """Forwards connections to a port of loopback."""

    target: int
    weather: Weather = field(default_factory=Weather)
    pairs: list[Pair] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        """Stop forwarding on every connection that is open; new ones work."""
        for pair in list(self.pairs):
            pair.frozen = True

    @contextmanager
    def bad(self, weather: Weather) -> Iterator[None]:
        """Have bad weather for a while."""
        self.weather = weather
        try:
            yield
        finally:
            self.weather = Weather()

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._listener.close()
        for pair in list(self.pairs):
            pair.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            pair = Pair(client, server)
            self.pairs.append(pair)
            for work in (self._requests, self._answers):
                threading.Thread(target=work, args=(pair,), daemon=True).start()

    def _requests(self, pair: Pair) -> None:
        for data in self._received(pair.client, pair):
            weather = self.weather
            if weather.slow and _is_request(data):
                time.sleep(random.uniform(*weather.slow))
            if _is_request(data) and random.random() < weather.busy:
                with suppress(OSError):
                    pair.client.sendall(UNAVAILABLE)
                return
            if not self._forward(data, pair.server, weather):
                return

    def _answers(self, pair: Pair) -> None:
        for data in self._received(pair.server, pair):
            if not self._forward(data, pair.client, self.weather):
                return

    def _received(self, source: socket.socket, pair: Pair) -> Iterator[bytes]:
        try:
            while data := source.recv(CHUNK):
                if pair.frozen:
                    # Like packets that are dropped on the way.
                    continue
                yield data
        except OSError:
            pass
        finally:
            if not pair.frozen:
                pair.close()

    @staticmethod
    def _forward(data: bytes, destination: socket.socket, weather: Weather) -> bool:
        cut = len(data) > 1000 and random.random() < weather.cuts
        try:
            destination.sendall(data[: len(data) // 2] if cut else data)
        except OSError:
            return False
        return not cut


def _is_request(data: bytes) -> bool:
    return data.startswith((b"GET ", b"PUT ", b"HEAD ", b"POST "))
