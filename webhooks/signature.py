"""Signatures of webhooks, as the Standard Webhooks specification has them (symmetric, v1)."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence

from core.errors import InvalidSetting

PREFIX = "whsec_"
FEWEST_BYTES, MOST_BYTES = 24, 64
HELP = "TINTYPE_WEBHOOK_SECRET: a secret is whsec_ and the base64 of 24 to 64 random bytes"


def make_secret() -> str:
    """Return a new secret of 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


class Signer:
    """Signs messages with every secret it was given, so that one can replace another."""

    def __init__(self, text: str) -> None:
        """Read secrets separated by spaces.

        Raises:
            InvalidSetting: there is none, or one cannot be read; the message does not show it.
        """
        self._keys: Sequence[bytes] = [_parse(word) for word in text.split()]
        if not self._keys:
            raise InvalidSetting(HELP)

    def headers(self, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
        """Return the three headers of a message; ``timestamp`` is in seconds since the epoch."""
        content = f"{message_id}.{timestamp}.".encode() + body
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(_sign(key, content) for key in self._keys),
        }


def _sign(key: bytes, content: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def _parse(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSetting(HELP) from error
    if not word.startswith(PREFIX) or not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise InvalidSetting(HELP)
    return key
