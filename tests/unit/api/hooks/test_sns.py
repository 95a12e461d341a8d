from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api.hooks.certificates import Certificates
from api.hooks.sns import SnsMessage, check_sns_url
from core.errors import InvalidEvent, SenderUnknown, SnsUnreachable
from tests.support.events import s3_message, sns_message
from tests.support.sns import (
    CERTIFICATE_URL,
    HOST,
    NOW,
    OTHER_KEY,
    TOPIC,
    certificate,
    confirmation,
    signed,
)

NOTIFICATION = sns_message(TOPIC, s3_message("a.jpg"))


class Host:
    """Where certificates are fetched, and how often."""

    def __init__(self, answer: bytes | None = None) -> None:
        self.answer = certificate() if answer is None else answer
        self.asked: list[str] = []

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        return self.answer


def verify(body: dict[str, Any], fetch: Callable[[str], bytes] | None = None) -> None:
    message = SnsMessage.of(body)
    assert message is not None
    Certificates(fetch or Host()).verify(message, NOW)


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "message",
    [
        NOTIFICATION,
        without(NOTIFICATION, "Subject"),
        NOTIFICATION | {"Subject": "Großmutter\n1936", "Message": "two\nlines"},
        confirmation(),
        confirmation() | {"Type": "UnsubscribeConfirmation"},
    ],
)
def test_what_sns_has_signed_is_believed(message: dict[str, Any], version: str) -> None:
    verify(signed(message, version=version))


@pytest.mark.parametrize(
    "change",
    [
        {"Message": "another"},
        {"MessageId": "another"},
        {"Subject": "another"},
        {"TopicArn": f"{TOPIC}2"},
        {"Timestamp": "2026-11-25T03:59:59.000Z"},
        {"SignatureVersion": "1"},
        {"Signature": ""},
        {"Signature": "AAAA"},
    ],
)
def test_what_has_been_changed_is_not(change: dict[str, str]) -> None:
    with pytest.raises(SenderUnknown):
        verify(signed(NOTIFICATION) | change)


def test_a_changed_subscribe_url_is_not_believed() -> None:
    with pytest.raises(SenderUnknown):
        verify(signed(confirmation()) | {"SubscribeURL": f"{HOST}/?Action=Unsubscribe"})


def test_another_key_is_not_believed() -> None:
    with pytest.raises(SenderUnknown, match="signature"):
        verify(signed(NOTIFICATION, OTHER_KEY))


@pytest.mark.parametrize(
    ("age", "good"),
    [(0, True), (23, True), (25, False), (-0.2, True), (-1, False), (24 * 365, False)],
)
def test_old_messages_are_not_believed(age: float, good: bool) -> None:
    message = signed(NOTIFICATION, at=NOW - timedelta(hours=age))
    if good:
        verify(message)
    else:
        with pytest.raises(SenderUnknown, match="24 hours"):
            verify(message)


@pytest.mark.parametrize("moment", ["", "now", "2026-11-25T04:00:00", "20261125", "1764043200"])
def test_a_timestamp_that_is_no_moment_is_refused(moment: str) -> None:
    with pytest.raises(SenderUnknown, match="Timestamp"):
        verify(signed(NOTIFICATION) | {"Timestamp": moment})


@pytest.mark.parametrize(
    "pem",
    [
        certificate(start=NOW - timedelta(days=2), end=NOW - timedelta(days=1)),
        certificate(start=NOW + timedelta(days=1), end=NOW + timedelta(days=2)),
        certificate(ec.generate_private_key(ec.SECP256R1())),
        b"not a certificate",
        b"",
    ],
)
def test_a_certificate_that_is_not_good_now_is_refused(pem: bytes) -> None:
    with pytest.raises(SenderUnknown, match="certificate"):
        verify(signed(NOTIFICATION), Host(pem))


def test_a_certificate_is_fetched_once_while_it_is_valid() -> None:
    host = Host(certificate(end=NOW + timedelta(hours=2)))
    certificates = Certificates(host)
    for hours, asked in ((0, 1), (1, 1), (3, 2)):
        now = NOW + timedelta(hours=hours)
        if hours == 3:
            host.answer = certificate()
        message = SnsMessage.of(signed(NOTIFICATION, at=now))
        assert message is not None
        certificates.verify(message, now)
        assert host.asked == [CERTIFICATE_URL] * asked


def test_any_number_of_certificates_takes_little_memory() -> None:
    host = Host()
    certificates = Certificates(host)
    for number in range(40):
        message = SnsMessage.of(signed(NOTIFICATION, url=f"{HOST}/{number}.pem"))
        assert message is not None
        certificates.verify(message, NOW)
    assert len(certificates._kept) <= 16


def test_a_host_that_is_away_keeps_nobody_from_asking_again() -> None:
    def away(_url: str) -> bytes:
        raise SnsUnreachable("away")

    message = SnsMessage.of(signed(NOTIFICATION))
    assert message is not None
    certificates = Certificates(away)
    for _ in range(2):
        with pytest.raises(SnsUnreachable, match="away"):
            certificates.verify(message, NOW)


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL,
        "https://sns.us-gov-west-1.amazonaws.com/a.pem",
        "https://sns.cn-north-1.amazonaws.com.cn/a.pem",
        "https://SNS.eu-central-1.amazonaws.com/a.pem",
    ],
)
def test_hosts_of_sns_are_asked(url: str) -> None:
    assert check_sns_url(url, ".pem") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sns.eu-central-1.amazonaws.com/a.pem",
        "http://sns.eu-central-1.amazonaws.com/a.pem",
        "ftp://sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com/a.pem2",
        "https://sns.eu-central-1.amazonaws.com/?a.pem",
        "https://sns.eu-central-1.amazonaws.com/#a.pem",
        "https://sns.eu-central-1.amazonaws.com",
        "https://sns.eu-central-1.amazonaws.com:8443/a.pem",
        "https://me:you@sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com@example.org/a.pem",
        "https://example.org/sns.eu-central-1.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com.example.org/a.pem",
        "https://sns.eu-central-1.amazonaws.com.cn.example.org/a.pem",
        "https://sns.eu-central-1xamazonaws.com/a.pem",
        "https://sns.a.b.amazonaws.com/a.pem",
        "https://sns..amazonaws.com/a.pem",
        "https://sns.amazonaws.com/a.pem",
        "https://xsns.eu-central-1.amazonaws.com/a.pem",
        "https://bucket.s3.amazonaws.com/a.pem",
        "https://sns.s3.amazonaws.com/a.pem",
        "https://sns.s3-us-west-2.amazonaws.com/a.pem",
        "https://sns.s3-accelerate.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com/a.pem?Action=GetTopicAttributes",
        "https://sns.eu-central-1.amazonaws.com\\@example.org/a.pem",
        "https://sns.eu-central-1.amazonaws.com/ a.pem",
        "https://sns.eu-central-1.amazonaws.com/a.pem\n",
        "https://sns.eu-céntral-1.amazonaws.com/a.pem",
        "https://[::1]/a.pem",
        "https://[sns.eu-central-1.amazonaws.com/a.pem",
        f"{HOST}/{'a' * 3000}.pem",
    ],
)
def test_other_hosts_are_not(url: str) -> None:
    with pytest.raises(SenderUnknown):
        check_sns_url(url, ".pem")
    host = Host()
    with pytest.raises(SenderUnknown):
        verify(signed(NOTIFICATION, url=url), host)
    assert host.asked == []


def test_a_message_of_another_sender_is_none_of_sns() -> None:
    assert SnsMessage.of(s3_message("a.jpg")) is None


@pytest.mark.parametrize(
    "change",
    [
        {"Message": None},
        {"Message": {}},
        {"TopicArn": 7},
        {"SignatureVersion": "3"},
        {"Signature": 7},
        {"Timestamp": None},
    ],
)
def test_fields_that_are_wrong_are_named(change: dict[str, object]) -> None:
    with pytest.raises(InvalidEvent, match=next(iter(change))):
        SnsMessage.of(signed(NOTIFICATION) | change)
