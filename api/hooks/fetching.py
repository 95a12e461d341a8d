"""Asking Amazon SNS for something, at a URL that has been checked."""

from collections.abc import Callable

import urllib3
from urllib3.exceptions import HTTPError

from core.errors import SnsUnreachable

Fetch = Callable[[str], bytes]
MOST_BYTES = 64 * 1024
TIMEOUT = urllib3.Timeout(connect=3, read=5)


def fetch(url: str) -> bytes:
    """Return what is there; no redirect is followed.

    Raises:
        SnsUnreachable: there was no answer, or one that is not 200, or a long one.
    """
    try:
        with urllib3.PoolManager(retries=False, timeout=TIMEOUT) as http:
            answer = http.request("GET", url, redirect=False, preload_content=False)
            body = answer.read(MOST_BYTES + 1)
            answer.close()
    except HTTPError as error:
        raise SnsUnreachable(f"Amazon SNS cannot be reached: {error}") from error
    if answer.status != 200 or len(body) > MOST_BYTES:
        raise SnsUnreachable(f"Amazon SNS answered {answer.status} with {len(body)} bytes")
    return body
