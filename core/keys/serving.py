"""Whether an API needs keys, by the address on which it listens."""

import re
from ipaddress import ip_address
from typing import Literal

from core.errors import KeysNeeded
from core.settings import Settings

Keys = Literal["off", "required"]
CREATE = "'tintype keys create --name NAME'"


def decide_keys(settings: Settings, bind: str) -> Keys:
    """Return whether requests need a key: without ``TINTYPE_KEYS``, on all but loopback.

    Raises:
        KeysNeeded: other machines could reach the API, and keys are off.
    """
    local = is_loopback(bind)
    if settings.keys == "required" or not (settings.keys or local or settings.allow_anonymous):
        return "required"
    if not local and not settings.allow_anonymous:
        raise KeysNeeded(
            f"{bind} can be reached from other machines, and TINTYPE_KEYS is off; set it to "
            f"'required' and make a key with {CREATE}, or set TINTYPE_ALLOW_ANONYMOUS=1 if only "
            "people you trust reach it"
        )
    return "off"


def no_key_yet(bind: str) -> KeysNeeded:
    """Return the error of an API that nobody could use."""
    return KeysNeeded(
        f"{bind} can be reached from other machines, and there is no key yet; make one with "
        f"{CREATE}, or set TINTYPE_ALLOW_ANONYMOUS=1 if only people you trust reach it"
    )


def is_loopback(bind: str) -> bool:
    """Whether only this machine can reach ``host:port``; a socket file counts as reachable."""
    match = re.fullmatch(r"\[(.*)\](?::\d+)?|([^:]*)(?::\d+)?", bind)
    host = match[1] or match[2] if match else ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
