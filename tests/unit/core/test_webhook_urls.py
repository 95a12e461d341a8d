from ipaddress import ip_address

import pytest

from core.errors import InvalidWebhook, WebhookRefused
from core.webhook_urls import (
    check_address,
    check_before_lookup,
    check_networks,
    parse_networks,
    parse_webhook_url,
)

HTTPS = parse_webhook_url("https://receiver.example/hook")
HTTP = parse_webhook_url("http://receiver.example/hook")
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
NOT_PUBLIC = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:5db8:d822::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fd00:ec2::254",
    "ff02::1",
    "ff0e::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called_with_tls_alone(address: str) -> None:
    check_address(HTTPS, ip_address(address), [])
    with pytest.raises(WebhookRefused, match="use https"):
        check_address(HTTP, ip_address(address), [])


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_other_addresses_may_not_be_called(address: str) -> None:
    with pytest.raises(WebhookRefused, match="TINTYPE_WEBHOOK_ALLOW"):
        check_address(HTTPS, ip_address(address), [])


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fc00::9"])
def test_an_allowed_network_may_be_called_with_or_without_tls(address: str) -> None:
    allowed = parse_networks("10.1.0.0/16, fc00::/64")
    for url in (HTTP, HTTPS):
        check_address(url, ip_address(address), allowed)
    with pytest.raises(WebhookRefused):
        check_address(HTTPS, ip_address("10.2.0.1"), allowed)


def test_a_refusal_does_not_say_what_the_host_resolves_to() -> None:
    with pytest.raises(WebhookRefused) as raised:
        check_address(HTTPS, ip_address("10.0.0.1"), [])
    assert "receiver.example" in str(raised.value)
    assert "10.0.0.1" not in str(raised.value)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "0", "10.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fe80::1]", "169.254.169.254"),
    ],
)
def test_a_private_address_is_known_in_every_notation(host: str) -> None:
    with pytest.raises(WebhookRefused):
        check_before_lookup(parse_webhook_url(f"https://{host}/hook"), [])


def test_a_name_is_left_to_the_look_up() -> None:
    check_before_lookup(HTTPS, [])
    check_before_lookup(HTTP, parse_networks("10.0.0.0/8"))


def test_http_is_refused_at_once_where_no_network_is_allowed() -> None:
    with pytest.raises(InvalidWebhook, match="https"):
        check_before_lookup(HTTP, [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "receiver.example/hook",
        "ftp://receiver.example/",
        "https:///hook",
        "https://user:word@receiver.example/",
        "https://receiver.example/#part",
        "https://receiver.example:99999/",
        "https://receiver.example/a b",
        "https://receiver.example/\r\nX: y",
        "https://räuber.example/",
        "https://receiver.example/" + "a" * 2048,
    ],
)
def test_what_is_no_url_of_a_webhook_is_refused(text: str) -> None:
    with pytest.raises(InvalidWebhook):
        parse_webhook_url(text)


def test_networks_are_read_or_refused_as_a_whole() -> None:
    assert [str(network) for network in parse_networks("10.0.0.0/8, ::1")] == [
        "10.0.0.0/8",
        "::1/128",
    ]
    assert parse_networks("") == []
    with pytest.raises(ValueError, match="host"):
        check_networks("10.0.0.0/8, host")
