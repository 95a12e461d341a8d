"""Names of image formats, and the endings of files and keys that go with them."""

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


def ending(key: str) -> str:
    """Return what follows the last dot of a key's name, in lower case; empty without one."""
    return PurePosixPath(key).suffix.lstrip(".").lower()


def format_of(key: str) -> OutputFormat | None:
    """Return the format that a key's ending stands for."""
    return SUFFIXES.get(ending(key))
