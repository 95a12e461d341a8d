import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import InvalidWebhook, WebhookRefused, WebhookUnreachable
from core.webhook_urls import parse_networks
from webhooks.targets import find

LOOPBACK = parse_networks("127.0.0.0/8, ::1")
Resolve = Callable[[list[str]], None]


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Resolve:
    """Every host has these addresses: no test can put names into the DNS."""

    def to(addresses: list[str]) -> None:
        def answer(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return to


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f.1", "0177.1", "2130706433", "0x7f000001", "0", "LOCALHOST"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "169.254.169.254"),
    ],
)
def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    with pytest.raises(WebhookRefused):
        find(f"https://{host}/hook", [], 5)


def test_the_host_is_looked_up_once_and_its_addresses_kept(resolve: Resolve) -> None:
    resolve(["93.184.216.34", "93.184.216.34", "2606:2800:220:1::1"])
    target = find("https://receiver.example:8443/hook?a=1", [], 5)
    assert [str(each) for each in target.addresses] == ["93.184.216.34", "2606:2800:220:1::1"]
    assert (target.host, target.port) == ("receiver.example", 8443)


def test_one_private_address_refuses_the_host(resolve: Resolve) -> None:
    resolve(["93.184.216.34", "10.0.0.1"])
    with pytest.raises(WebhookRefused):
        find("https://receiver.example/hook", [], 5)


def test_an_allowed_network_is_reached_over_http_too() -> None:
    target = find("http://127.0.0.1/hook", LOOPBACK, 5)
    assert [str(each) for each in target.addresses] == ["127.0.0.1"]
    assert target.port == 80


@pytest.mark.parametrize(
    "host", ["no-such-host.invalid", "a..b", "x" * 64 + ".example", "1.2.3.4.5"]
)
def test_a_host_that_is_not_there_is_unreachable(host: str) -> None:
    with pytest.raises(WebhookUnreachable):
        find(f"https://{host}/hook", [], 30)


def test_a_url_that_cannot_be_read_is_no_target() -> None:
    with pytest.raises(InvalidWebhook):
        find("gopher://receiver.example/", [], 5)


def test_a_name_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: done.wait() and [])
    with pytest.raises(WebhookUnreachable, match="in time"):
        find("https://receiver.example/hook", [], 0.1)
    done.set()
