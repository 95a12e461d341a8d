import ssl
from time import monotonic

import pytest
import urllib3

from core.jobs.deliveries import DeliveryState
from tests.support import receivers
from tests.support.receivers import Answer, receiving
from tests.unit.webhooks.conftest import Sending
from webhooks import sender as module


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system trusts the receiver's certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(receivers.CERTIFICATE))


def test_nothing_that_listens_is_a_refused_connection(sending: Sending, closed_port: int) -> None:
    outcome = sending.to(f"http://127.0.0.1:{closed_port}/")
    assert outcome.state is DeliveryState.PENDING
    assert (outcome.attempt.status, outcome.attempt.error) == (None, "connection refused")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (receivers.raw(b""), "the connection was closed before an answer came"),
        (receivers.raw(b"SSH-2.0-OpenSSH_9.9\r\n"), "the answer is not HTTP"),
        (receivers.raw(b"HTTP/1.1 200 " + b"x" * 100_000), "the answer is not HTTP"),
        (receivers.raw(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200), "the answer is not HTTP"),
    ],
)
def test_what_is_no_answer_is_tried_again(sending: Sending, answer: Answer, error: str) -> None:
    with receiving(answer) as receiver:
        outcome = sending.to(receiver.url)
    assert (outcome.state, outcome.attempt.error) == (DeliveryState.PENDING, error)


@pytest.mark.parametrize(
    "answer",
    [
        receivers.hang,
        receivers.drip(b""),
        receivers.drip(b"HTTP/1.1 200 OK\r\n"),
        receivers.drip(b"HTTP/1.1 200 OK\r\nContent-Type: "),
    ],
)
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.usefixtures("trusted")
def test_a_try_ends_in_time_however_the_receiver_drips(
    sending: Sending, monkeypatch: pytest.MonkeyPatch, answer: Answer, tls: bool
) -> None:
    monkeypatch.setattr(module, "TRY_SECONDS", 1.0)
    with receiving(answer, tls=tls) as receiver:
        began = monotonic()
        outcome = sending.to(receiver.url)
        assert monotonic() - began < 2
    assert (outcome.state, outcome.attempt.error) == (DeliveryState.PENDING, "timed out")


def test_a_receiver_that_does_not_begin_with_tls_is_not_waited_for(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRY_SECONDS", 1.0)
    with receivers.silent() as url:
        outcome = sending.to(url.replace("http:", "https:"))
    assert outcome.attempt.error == "timed out"


@pytest.mark.parametrize(
    "answer", [receivers.talk(b"x" * 4096), receivers.drip(b"HTTP/1.1 200 OK\r\n\r\n")]
)
def test_an_answer_counts_though_its_body_has_no_end(
    sending: Sending, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(module, "TRY_SECONDS", 1.0)
    with receiving(answer) as receiver:
        began = monotonic()
        assert sending.to(receiver.url).state is DeliveryState.DELIVERED
        assert monotonic() - began < 2


@pytest.mark.usefixtures("trusted")
def test_tls_proves_the_name_though_the_connection_is_to_an_address(sending: Sending) -> None:
    with receiving(tls=True) as receiver:
        assert sending.to(receiver.url).state is DeliveryState.DELIVERED
        other = sending.to(receiver.url.replace("localhost", "127.0.0.1"))
    assert other.state is DeliveryState.PENDING
    assert other.attempt.error
    assert other.attempt.error.startswith("the certificate is not valid: ")
    assert len(receiver.messages) == 1


def test_a_certificate_that_nobody_trusts_is_not_valid(sending: Sending) -> None:
    with receiving(tls=True) as receiver:
        error = sending.to(receiver.url).attempt.error
    assert error
    assert error.startswith("the certificate is not valid: self")
    assert not receiver.messages


def test_http_where_tls_was_expected_is_an_error(sending: Sending) -> None:
    with receiving() as receiver:
        outcome = sending.to(receiver.url.replace("http:", "https:"))
    assert outcome.attempt.error == "no TLS connection could be made"


def test_no_proxy_is_asked(
    sending: Sending, monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    with receiving() as receiver:
        assert sending.to(receiver.url).state is DeliveryState.DELIVERED


def test_the_certificate_of_these_tests_is_one_that_strict_clients_take() -> None:
    context = ssl.create_default_context(cafile=receivers.CERTIFICATE)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with receiving(tls=True) as receiver, urllib3.PoolManager(ssl_context=context) as http:
        assert http.request("POST", receiver.url, body=b"").status == 200
