"""The text of keys and sessions, of which only digests are kept.

A key is ``tt_<id>_<secret>``: a beginning by which scanners for leaked secrets know it, 8
characters that name it in lists and logs, and 32 random bytes in base64url.
"""

import hmac
import re
import secrets
import string
from hashlib import sha256

ID_CHARACTERS = string.ascii_lowercase + string.digits
KEY = re.compile(r"tt_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")


def make_key() -> tuple[str, str]:
    """Return the id and the text of a new key."""
    key_id = "".join(secrets.choice(ID_CHARACTERS) for _ in range(8))
    return key_id, f"tt_{key_id}_{secrets.token_urlsafe(32)}"


def id_of(text: str) -> str | None:
    """Return the id that a key's text has; None if it is not the text of a key."""
    match = KEY.fullmatch(text)
    return match[1] if match else None


def make_session() -> str:
    """Return the text of a new session: 32 random bytes in base64url."""
    return secrets.token_urlsafe(32)


def digest(text: str) -> str:
    """Return what is kept of a text: it is random enough for one pass of SHA-256."""
    return sha256(text.encode()).hexdigest()


def csrf_token(session: str) -> str:
    """Return what a session's requests show beside the cookie, which comes by itself."""
    return hmac.new(session.encode(), b"csrf", sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two texts in a time that tells nothing about them."""
    return hmac.compare_digest(one.encode(), other.encode())
