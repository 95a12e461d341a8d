"""Names of objects in storage, checked before they reach any server."""

import re
import unicodedata
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict

from core.errors import InvalidBucket, InvalidKey

MAX_KEY_BYTES = 1024
MAX_NAME_BYTES = 200
"""Of a file's name in a key; storage that keeps objects as files takes 255."""
RESULTS = "colorized"
"""First part of the keys of results that no order names a place for."""
UPLOADS = "uploads"
"""First part of the keys of files that clients upload."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Names by which boto3 talks to another host than the one that was set.
_RESERVED = re.compile(r"^xn--|^sthree-|-s3alias$|\.mrap$|--[a-z]*-s3$")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check_bucket(name: str) -> str:
    """Return the name if it is a plain bucket name (S3 naming rules), never an ARN or a host.

    Raises:
        InvalidBucket: it is anything else.
    """
    odd = ".." in name or _ADDRESS.fullmatch(name) or _RESERVED.search(name)
    if odd or not _BUCKET.fullmatch(name):
        raise InvalidBucket(
            "a bucket name has 3 to 63 lower-case letters, digits, dots and hyphens"
        )
    return name


def check_key(key: str) -> str:
    """Return the key if it names an object and cannot leave its folder.

    Raises:
        InvalidKey: it is empty, over 1024 bytes, or has control characters or ``..`` segments.
    """
    try:
        length = len(key.encode())
    except UnicodeEncodeError as error:
        raise InvalidKey("an object key must be valid Unicode") from error
    if not 0 < length <= MAX_KEY_BYTES:
        raise InvalidKey(f"an object key has 1 to {MAX_KEY_BYTES} bytes; this one has {length}")
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in key):
        raise InvalidKey("an object key must not have control characters")
    if any(part in (".", "..") for part in re.split(r"[/\\]", key)):
        raise InvalidKey("an object key must not have '.' or '..' as a path segment")
    if key.startswith("/") or key.endswith("/"):
        raise InvalidKey("an object key must not start or end with '/'")
    return key


def check_prefix(prefix: str) -> str:
    """Return the beginning of keys; empty means all of them.

    Raises:
        InvalidKey: no key could begin so.
    """
    if prefix:
        check_key(prefix.removesuffix("/"))
    return prefix


def folder_of(prefix: str) -> str:
    """Return what a prefix says of folders: ``scans/`` of ``scans/`` and of ``scans/19``."""
    return prefix[: prefix.rfind("/") + 1]


def safe_name(filename: str) -> str:
    """Return the last part of a file's name in the letters it was written with, fit for a key."""
    name = re.split(r"[/\\]", filename)[-1]
    printable = "".join(char for char in name if char.isprintable())
    end = printable.encode()[-MAX_NAME_BYTES:].decode(errors="ignore")
    return end.strip(" .") or "photo"


def content_disposition(kind: Literal["inline", "attachment"], key: str) -> str:
    """Return the header that names a download for the last part of a key (RFC 6266, RFC 8187)."""
    return f"{kind}; filename*=UTF-8''{quote(key.rsplit('/', 1)[-1], safe='')}"


# Raises InvalidBucket or InvalidKey on construction; the docstring is the API's description.
class ObjectRef(BaseModel):
    """One object in storage."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bucket: Annotated[str, AfterValidator(check_bucket)]
    key: Annotated[str, AfterValidator(check_key)]

    def __str__(self) -> str:
        """Return the usual short form."""
        return f"s3://{self.bucket}/{self.key}"
