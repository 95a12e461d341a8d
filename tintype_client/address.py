"""Where the API is."""

import os
import re

import httpx

VARIABLE = "TINTYPE_API"
TOKEN_VARIABLE = "TINTYPE_TOKEN"  # noqa: S105 - its name
DEFAULT = "http://127.0.0.1:8000"


def find_api(api: str | None = None) -> str:
    """Return the given address, else that of the environment, else that of ``tintype up``.

    Raises:
        ValueError: it is not the address of a server.
    """
    address = api or os.environ.get(VARIABLE) or DEFAULT
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise ValueError(f"{address!r} is not an address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError(f"{address!r} is not an address: write http://host:port")
    return address


def find_token(token: str | None = None) -> str | None:
    """Return the given API key, else that of the environment.

    Raises:
        ValueError: it cannot be one; the message does not show it.
    """
    found = token or os.environ.get(TOKEN_VARIABLE) or None
    if found and not re.fullmatch(r"[\x21-\x7e]+", found):
        raise ValueError("an API key has visible ASCII characters alone, without spaces")
    return found
