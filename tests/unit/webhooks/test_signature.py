import base64
import hmac

import pytest

from core.errors import InvalidSetting
from webhooks.signature import Signer, make_secret

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"o" * 24).decode()
BODY = b'{"type":"job.succeeded"}'
EXPECTED = "v1,GZx+9PnX/8AfeQVTa06bqyi/9YQC4Msh4CCOHdZaShs="
"""Made with ``openssl dgst -sha256 -mac HMAC`` over msg_1.1700000000.<body>."""


def test_a_message_is_signed_as_another_tool_signs_it() -> None:
    assert Signer(SECRET).headers("msg_1", 1_700_000_000, BODY) == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": EXPECTED,
    }


def test_several_secrets_sign_side_by_side() -> None:
    signed = Signer(f"{SECRET} {OTHER}").headers("msg_1", 1_700_000_000, BODY)
    digest = hmac.new(b"o" * 24, b"msg_1.1700000000." + BODY, "sha256").digest()
    other = "v1," + base64.b64encode(digest).decode()
    assert signed["webhook-signature"].split(" ") == [EXPECTED, other]


@pytest.mark.parametrize(
    "secret",
    [
        "",
        " ",
        "hush-hush",
        base64.b64encode(b"k" * 32).decode(),
        "whsec_",
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
        "whsec_not*base64*at*all*not*base64*at*all",
        "whsec_" + "ä" * 44,
        f"{SECRET} hush-hush",
    ],
)
def test_a_secret_that_cannot_be_read_is_named_and_not_shown(secret: str) -> None:
    with pytest.raises(InvalidSetting, match="TINTYPE_WEBHOOK_SECRET") as raised:
        Signer(secret)
    assert "hush" not in str(raised.value)


def test_a_new_secret_can_be_read_and_is_always_another() -> None:
    Signer(make_secret())
    assert make_secret() != make_secret()
