"""A receiver of webhooks with the faults that receivers have."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CERTIFICATE = Path(__file__).parent / "localhost.pem"
"""A key made for these tests, and a certificate for ``localhost`` that it has signed itself."""


@dataclass(frozen=True)
class Message:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler, threading.Event], None]


@dataclass
class Receiver:
    """Answers each request in the next way it knows; the last one stays."""

    answers: list[Answer]
    url: str = ""
    messages: list[Message] = field(default_factory=list)


def status(number: int, **headers: str) -> Answer:
    """Answer with a status and headers, whose names have underscores here."""

    def answer(handler: BaseHTTPRequestHandler, _closing: threading.Event) -> None:
        handler.send_response(number)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    return answer


def hang(_handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
    """Say nothing."""
    closing.wait()


def drip(start: bytes) -> Answer:
    """Send a beginning, then a byte every tenth of a second."""

    def answer(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(start)
            while not closing.wait(0.1):
                handler.wfile.write(b"x")

    return answer


def talk(chunk: bytes) -> Answer:
    """Answer 200 with a body that has no end."""

    def answer(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        handler.close_connection = True
        with suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not closing.is_set():
                handler.wfile.write(chunk)

    return answer


def raw(text: bytes) -> Answer:
    """Send bytes and close."""

    def answer(handler: BaseHTTPRequestHandler, _closing: threading.Event) -> None:
        handler.close_connection = True
        handler.wfile.write(text)

    return answer


@contextmanager
def receiving(*answers: Answer, tls: bool = False, port: int = 0) -> Iterator[Receiver]:
    """Run a receiver on loopback."""
    receiver = Receiver([*answers] or [status(200)])
    closing = threading.Event()
    server = _Server(("127.0.0.1", port), _handler(receiver, closing))
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    receiver.url = f"{scheme}://{host}:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent() -> Iterator[str]:
    """Yield the URL of a port that takes connections and never says a word, on every address."""
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: that senders go away is what some tests are about."""


def _handler(receiver: Receiver, closing: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.messages.append(Message(self.path, headers, body))
            number = min(len(receiver.messages), len(receiver.answers)) - 1
            receiver.answers[number](self, closing)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
