"""Names of image formats, and the endings of files and keys that go with them."""

import re
from pathlib import PurePosixPath
from typing import Literal

OutputFormat = Literal["jpeg", "png", "webp", "avif", "tiff"]

EXTENSIONS: dict[OutputFormat, str] = {
    "jpeg": "jpg",
    "png": "png",
    "webp": "webp",
    "avif": "avif",
    "tiff": "tif",
}
SUFFIXES: dict[str, OutputFormat] = {
    "jpg": "jpeg",
    "jpeg": "jpeg",
    "png": "png",
    "webp": "webp",
    "avif": "avif",
    "tif": "tiff",
    "tiff": "tiff",
}
READ_ONLY = frozenset({"bmp", "gif", "heic", "heif", "jp2", "j2k", "pgm", "pnm", "ppm"})
READABLE = READ_ONLY.union(SUFFIXES)
"""Endings, in lower case and without the dot, of images that can be read."""


_FIRST_BYTES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"RIFF....WEBP": "image/webp",
    b"....ftypavif": "image/avif",
    b"....ftypavis": "image/avif",
}
_SHOWN = [(re.compile(b"(?s)" + first), type) for first, type in _FIRST_BYTES.items()]


def shown_as(first: bytes) -> str | None:
    """Return the media type of an image that every browser shows, by its first 16 bytes.

    It is what a browser would find out, and what it may be told: nothing that could be a page.
    """
    return next((type for pattern, type in _SHOWN if pattern.match(first)), None)


def ending(key: str) -> str:
    """Return what follows the last dot of a key's name, in lower case; empty without one."""
    return PurePosixPath(key).suffix.lstrip(".").lower()


def format_of(key: str) -> OutputFormat | None:
    """Return the format that a key's ending stands for."""
    return SUFFIXES.get(ending(key))
