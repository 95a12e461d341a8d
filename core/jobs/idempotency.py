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
    owner: str = ""
    """Whose key it is: those of others never meet it."""

    @classmethod
    def of(cls, key: str, *parts: bytes, owner: str = "") -> "Idempotency":
        """Fingerprint a request's parts."""
        digest = sha256()
        for part in parts:
            digest.update(len(part).to_bytes(8))
            digest.update(part)
        return cls(key, digest.hexdigest(), owner)

    @property
    def digest(self) -> str:
        """Return what the key is filed under."""
        # No key of a client has a space in it.
        name = f"{self.owner} {self.key}" if self.owner else self.key
        return sha256(name.encode()).hexdigest()
