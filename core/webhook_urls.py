"""URLs that clients name for webhooks: which are read, and which addresses may be called."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from core.errors import InvalidWebhook, WebhookRefused

MAX_LENGTH = 2048
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out of IPv6 so far."""
SIX_TO_FOUR = IPv6Network("2002::/16")
"""Tunnels to IPv4 addresses, deprecated (RFC 7526)."""
NAT64 = IPv6Network("64:ff9b::/96")
"""How IPv4 looks from a network that has IPv6 alone (RFC 6052)."""


def parse_webhook_url(text: str) -> Url:
    """Return the parts of a URL that a webhook may have, read as the HTTP client will read it.

    Raises:
        InvalidWebhook: it is no plain http or https URL with a host.
    """
    if len(text) > MAX_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidWebhook(
            f"a webhook's URL has at most {MAX_LENGTH} visible ASCII characters; "
            "a host with others is written in punycode"
        )
    try:
        url = parse_url(text)
    except LocationParseError as error:
        raise InvalidWebhook("the webhook's URL cannot be read") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidWebhook("a webhook's URL begins with https:// and names a host")
    if url.auth or url.fragment:
        raise InvalidWebhook("a webhook's URL has no user, password or fragment")
    return url


def check_webhook_url(text: str) -> str:
    """Return the URL if ``parse_webhook_url`` can read it."""
    parse_webhook_url(text)
    return text


def parse_networks(text: str) -> Sequence[Network]:
    """Return networks written as ``10.0.0.0/8, 127.0.0.1``.

    Raises:
        ValueError: one is not an address or a network.
    """
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def check_networks(text: str) -> str:
    """Return the text if ``parse_networks`` can read it."""
    parse_networks(text)
    return text


def host_of(url: Url) -> str:
    """Return the host without the brackets that an IPv6 address has in a URL."""
    return (url.host or "").strip("[]")


def check_before_lookup(url: Url, allowed: Sequence[Network]) -> None:
    """Refuse what is plainly not to be called, without asking a name server.

    Raises:
        InvalidWebhook: it is http, and no network is allowed.
        WebhookRefused: its host is an address that must not be called.
    """
    address = _literal(host_of(url))
    if address is not None:
        check_address(url, address, allowed)
    elif url.scheme != "https" and not allowed:
        raise InvalidWebhook("a webhook's URL begins with https://")


def check_address(url: Url, address: Address, allowed: Sequence[Network]) -> None:
    """Check that a URL may be called at this address of its host.

    Raises:
        WebhookRefused: it is neither public nor in an allowed network, or it is public and the
            URL is http. The message has the host alone: what it resolves to inside a private
            network is not for those who name it.
    """
    if any(form in network for form in (address, _plain(address)) for network in allowed):
        return
    if not _is_public(_plain(address)):
        raise WebhookRefused(f"{url.host} is not a public address; see TINTYPE_WEBHOOK_ALLOW")
    if url.scheme != "https":
        raise WebhookRefused("http is for networks of TINTYPE_WEBHOOK_ALLOW; use https")


def _literal(host: str) -> Address | None:
    """Return the address that a host is, in any notation that the resolver reads as one."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f.1, 2130706433
    except OSError:
        return None


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address


def _is_public(address: Address) -> bool:
    """Whether the whole internet reaches it; versions of Python know different odd ranges."""
    if isinstance(address, IPv6Address) and (address not in UNICAST or address in SIX_TO_FOUR):
        return False
    return address.is_global and not address.is_multicast
