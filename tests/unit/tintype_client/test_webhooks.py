"""The check of webhooks against the service's own signer."""

import json
import time

import pytest

from tintype_client import InvalidSignature, verify_webhook
from webhooks.signature import Signer, make_secret

SECRET, OTHER = make_secret(), make_secret()
JOB = {
    "id": "1",
    "state": "succeeded",
    "attempt": 1,
    "source": {"bucket": "photos", "key": "größe.jpg"},
    "created": "2026-11-25T01:00:00.000Z",
}
BODY = json.dumps(
    {"type": "job.succeeded", "timestamp": "2026-11-25T01:00:01.000Z", "data": JOB}
).encode()


def signed(secret: str = SECRET, age: float = 0, body: bytes = BODY) -> dict[str, str]:
    return Signer(secret).headers("msg_1", round(time.time() - age), body)


def test_a_genuine_webhook_is_read() -> None:
    event = verify_webhook(signed(), BODY, SECRET)
    assert (event.id, event.type) == ("msg_1", "job.succeeded")
    assert event.job is not None
    assert event.job.source.key == "größe.jpg"
    assert event.batch is None


def test_headers_may_be_spelled_in_any_case() -> None:
    headers = {name.title(): value for name, value in signed().items()}
    assert verify_webhook(headers, BODY, SECRET).id == "msg_1"


@pytest.mark.parametrize("mine", [(OTHER, SECRET), (f"{OTHER} {SECRET}",)])
def test_one_of_several_secrets_is_enough(mine: tuple[str, ...]) -> None:
    assert verify_webhook(signed(), BODY, *mine).job
    assert verify_webhook(signed(f"{make_secret()} {SECRET}"), BODY, *mine).job


@pytest.mark.parametrize("age", [400, -400])
def test_an_old_one_is_refused_unless_that_is_tolerated(age: float) -> None:
    with pytest.raises(InvalidSignature, match="timestamp"):
        verify_webhook(signed(age=age), BODY, SECRET)
    assert verify_webhook(signed(age=age), BODY, SECRET, tolerance=500).job


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(round(time.time()) + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "-1"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,größe"},
        {"webhook-signature": "v1,\udcff"},
        {"webhook-id": "\udcff"},
        {"webhook-signature": "v2," + "a" * 43 + "="},
    ],
)
def test_a_changed_header_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        verify_webhook(signed() | change, BODY, SECRET)


def test_a_changed_body_or_another_secret_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        verify_webhook(signed(), BODY + b" ", SECRET)
    with pytest.raises(InvalidSignature):
        verify_webhook(signed(), BODY, OTHER)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    headers = signed()
    del headers[name]
    with pytest.raises(InvalidSignature, match=name):
        verify_webhook(headers, BODY, SECRET)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"type": "job.failed"}'])
def test_what_is_signed_and_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidSignature, match="cannot be read"):
        verify_webhook(signed(body=body), body, SECRET)


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_hush*hush",)])
def test_a_secret_that_cannot_be_read_is_not_shown(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret") as raised:
        verify_webhook(signed(), BODY, *secrets)
    assert "hush" not in str(raised.value)
