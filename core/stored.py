"""What storage says of its objects."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StoredObject:
    """The whole of one object."""

    data: bytes
    etag: str
    content_type: str


@dataclass(frozen=True)
class ObjectHead:
    """What storage says of an object without its bytes."""

    etag: str
    bytes: int
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    """An object that is being read."""

    etag: str
    length: int
    """Bytes that come."""
    chunks: Generator[bytes]
    """Of at most 1 MiB; to be closed."""


@dataclass(frozen=True)
class Listed:
    """An object in a listing."""

    key: str
    bytes: int
    etag: str
