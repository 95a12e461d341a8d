"""Where the API is."""

import os

VARIABLE = "TINTYPE_API"
DEFAULT = "http://127.0.0.1:8000"


def find_api(api: str | None = None) -> str:
    """Return the given address, else that of the environment, else that of ``tintype up``."""
    return api or os.environ.get(VARIABLE) or DEFAULT
