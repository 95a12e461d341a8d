"""One HTTP request to a receiver that cannot be trusted to answer, in bounded time and memory.

The standard library's client over a connection of our own: no redirect is followed, no proxy is
asked. Timeouts of sockets are for each read, and a receiver may drip; so at the deadline a timer
shuts the connection down, and whatever waits for it ends.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Timer
from time import monotonic

from core.errors import WebhookUnreachable
from webhooks.targets import Target

CONNECT_SECONDS = 5.0
MOST_READ = 4096
"""Bytes of an answer's body, read so that the receiver sees a proper end; the rest is dropped."""
REASONS: Mapping[type[Exception], str] = {
    ConnectionRefusedError: "connection refused",
    TimeoutError: "timed out",
    ssl.SSLCertVerificationError: "the certificate is not valid",
    ssl.SSLError: "no TLS connection could be made",
    ConnectionError: "the connection was closed before an answer came",
    HTTPException: "the answer is not HTTP",
    OSError: "the host cannot be reached",
}
"""From the narrower to the wider."""


@dataclass(frozen=True)
class Answer:
    """What a receiver said."""

    status: int
    retry_after: str | None
    """The header, as it came."""


class Deadline:
    """A moment by which all has to be over."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    @property
    def left(self) -> float:
        """Return the seconds until then; 0 when it has passed."""
        return max(0.0, self._end - monotonic())


def post(
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    context: ssl.SSLContext,
    deadline: Deadline,
) -> Answer:
    """Send a body and return the answer; its status counts once all of its headers have come.

    Raises:
        WebhookUnreachable: no answer came before the deadline.
    """
    try:
        with _connected(target, context, deadline) as sock:
            return _exchange(sock, target, headers, body, deadline)
    except (OSError, HTTPException) as error:
        reason = _reason(error) if deadline.left else REASONS[TimeoutError]
        raise WebhookUnreachable(reason) from error


def _exchange(
    sock: socket.socket,
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
    deadline: Deadline,
) -> Answer:
    connection = HTTPConnection(target.host, target.port)
    connection.sock = sock
    whole = {"Host": target.url.netloc or "", "Connection": "close", **headers}
    connection.request("POST", target.url.request_uri, body, whole)
    with connection.getresponse() as response:
        if not deadline.left:
            raise TimeoutError  # headers that were cut off read like all of them
        with suppress(OSError, HTTPException):
            response.read(MOST_READ)
        return Answer(response.status, response.headers.get("retry-after"))


@contextmanager
def _connected(
    target: Target, context: ssl.SSLContext, deadline: Deadline
) -> Iterator[socket.socket]:
    """Yield a connection that ends at the deadline; TLS proves the host's name, if it is https."""
    with _connect(target, deadline) as plain, _cut_at(deadline, plain):
        plain.settimeout(deadline.left or 0.001)
        if target.url.scheme != "https":
            yield plain
            return
        with context.wrap_socket(plain, server_hostname=target.host) as encrypted:
            yield encrypted


def _connect(target: Target, deadline: Deadline) -> socket.socket:
    """Connect to the first address that takes the connection; all were judged."""
    problem: OSError = TimeoutError()
    for address in target.addresses:
        if seconds := min(CONNECT_SECONDS, deadline.left):
            try:
                return socket.create_connection((str(address), target.port), seconds)
            except OSError as error:
                problem = error
    raise problem


@contextmanager
def _cut_at(deadline: Deadline, sock: socket.socket) -> Iterator[None]:
    """Shut a connection down at the deadline. TLS takes its socket over: a second handle stays."""
    with sock.dup() as handle:
        timer = Timer(deadline.left, _shut, (handle,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    reason = next(text for kind, text in REASONS.items() if isinstance(error, kind))
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{reason}: {error.verify_message.rstrip('.')}"
    return reason
