"""Requests that may be sent again (draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import dataclass
from hashlib import sha256

LIFETIME_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Idempotency:
    """A client's key for one request, and what the request asks for."""

    key: str
    """1 to 255 visible ASCII characters, chosen by the client."""
    fingerprint: str
    """The same for equal requests and for no others."""

    @classmethod
    def of(cls, key: str, *parts: bytes) -> "Idempotency":
        """Fingerprint a request's parts."""
        digest = sha256()
        for part in parts:
            digest.update(len(part).to_bytes(8))
            digest.update(part)
        return cls(key, digest.hexdigest())

    @property
    def digest(self) -> str:
        """Return what the key is filed under."""
        return sha256(self.key.encode()).hexdigest()
