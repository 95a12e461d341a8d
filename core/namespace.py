"""What the names of all keys of one installation begin with.

It is a hash tag, so that a cluster keeps them in one slot and every script is whole:
docs/decisions/one-slot-per-installation.md.
"""

NAMESPACE = "tintype"
"""Unless TINTYPE_REDIS_NAMESPACE says otherwise."""
PATTERN = r"^[a-z0-9][a-z0-9_-]{0,31}$"
_used = NAMESPACE


def use(namespace: str) -> None:
    """Have all keys of this process begin with a namespace: a process serves one installation."""
    global _used  # noqa: PLW0603
    _used = namespace


def prefix() -> str:
    """Return what scripts put before a colon and the rest of a key's name."""
    return f"{{{_used}}}"


def key(*parts: str) -> str:
    """Return the name of a key in Redis."""
    return ":".join((prefix(), *parts))
