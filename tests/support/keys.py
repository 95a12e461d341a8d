"""Keys for tests."""

from collections.abc import Mapping
from typing import Any

from redis import Redis

from core.keys import ApiKey, KeyRequest, KeyStore, Scope


def make_key(redis: Redis, *scopes: str, **more: Any) -> tuple[ApiKey, str]:
    """Make a key; without scopes, for submit and read."""
    wanted = frozenset(map(Scope, scopes or ("submit", "read")))
    return KeyStore(redis).create(KeyRequest(name="test", scopes=wanted, **more))


def bearer(redis: Redis, *scopes: str, **more: Any) -> Mapping[str, str]:
    """Make a key and return the header that shows it."""
    return {"Authorization": f"Bearer {make_key(redis, *scopes, **more)[1]}"}


def secret_of(text: str) -> str:
    """Return the part of a key that nobody may see; it may have underscores itself."""
    return text.split("_", 2)[2]
