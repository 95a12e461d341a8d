"""Where a webhook goes: its URL and the addresses of its host, looked up once and judged.

Whoever names the URL also owns the answers of its name server. So the connection is made to an
address that was judged, never to the name; and one refused address refuses the host, or it could
be picked by answering often enough.
"""

import logging
import socket
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import ip_address
from threading import Thread
from typing import Any

from urllib3.util import Url

from core.errors import WebhookRefused, WebhookUnreachable
from core.webhook_urls import Address, Network, check_address, host_of, parse_webhook_url

log = logging.getLogger(__name__)
PORTS = {"http": 80, "https": 443}
Answers = list[tuple[Any, Any, Any, Any, Any]]


@dataclass(frozen=True)
class Target:
    """A receiver that may be called."""

    url: Url
    addresses: Sequence[Address]
    """Each may be called; the system's resolver has put the best first (RFC 6724)."""

    @property
    def host(self) -> str:
        """Return the name that the receiver's certificate has to have."""
        return host_of(self.url).rstrip(".")

    @property
    def port(self) -> int:
        """Return the port to connect to."""
        return port_of(self.url)


def port_of(url: Url) -> int:
    """Return the port that a URL names, or that of its scheme."""
    return url.port or PORTS[url.scheme or "https"]


def find(text: str, allowed: Sequence[Network], seconds: float) -> Target:
    """Look up the host of a URL and judge every address it has.

    Raises:
        InvalidWebhook: it is not a URL that a webhook may have.
        WebhookRefused: one of its addresses must not be called.
        WebhookUnreachable: the host has no address, or none was found in ``seconds``.
    """
    url = parse_webhook_url(text)
    addresses = _look_up(host_of(url), port_of(url), seconds)
    for address in addresses:
        try:
            check_address(url, address, allowed)
        except WebhookRefused:
            log.warning("the webhook host %s is refused: its address is %s", url.host, address)
            raise
    return Target(url, addresses)


def _look_up(host: str, port: int, seconds: float) -> Sequence[Address]:
    """Ask in a thread of its own: the system's resolver waits as long as it likes."""
    answers: Future[Answers] = Future()
    Thread(target=_ask, args=(host, port, answers), name="lookup", daemon=True).start()
    try:
        found = answers.result(seconds)
    except TimeoutError as error:
        raise WebhookUnreachable("the name of the host was not found in time") from error
    except OSError as error:
        raise WebhookUnreachable("the name of the host cannot be found") from error
    return [*dict.fromkeys(ip_address(answer[4][0]) for answer in found)]


def _ask(host: str, port: int, answers: "Future[Answers]") -> None:
    try:
        # As bytes: as text, names that no DNS allows would be an error of another kind.
        answers.set_result(socket.getaddrinfo(host.encode(), port, type=socket.SOCK_STREAM))
    except OSError as error:
        answers.set_exception(error)
