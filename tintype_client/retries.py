"""When a request is sent again, and after which pause."""

import logging
import random
import time

import httpx

from tintype_client.errors import TintypeApiError, TintypeClientError, TintypeConnectionError

log = logging.getLogger(__name__)
BUSY = frozenset({429, 502, 503, 504})
"""Statuses that say: not now."""
PASSING = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
FIRST_PAUSE = 0.25


class Retries:
    """Decides, after each failure of a request or a stream, whether and when to try again."""

    def __init__(self, patience: float, longest_pause: float) -> None:
        self._patience = patience
        self._longest_pause = longest_pause
        self.worked()

    def worked(self) -> None:
        """Forget the failures so far."""
        self._failures = 0
        self._since = 0.0

    def pause(self, error: TintypeClientError) -> float:
        """Return the seconds until the next try: random, growing, never before ``Retry-After``.

        Raises:
            TintypeClientError: the error itself; another try would not help, or would begin more
                than ``patience`` seconds after the first failure.
        """
        now = time.monotonic()
        if not self._failures:
            self._since = now
        highest = min(FIRST_PAUSE * 2.0**self._failures, self._longest_pause)
        self._failures = min(self._failures + 1, 30)
        asked = error.retry_after if isinstance(error, TintypeApiError) else None
        pause = (asked or 0.0) + random.uniform(highest / 2, highest)  # noqa: S311
        if not is_passing(error) or now + pause - self._since > self._patience:
            raise error
        log.info("trying again in %.1f s: %s", pause, error)
        return pause


def is_passing(error: BaseException) -> bool:
    """Whether the same request may get another answer soon; all of this API may be repeated."""
    if isinstance(error, TintypeApiError):
        return error.status in BUSY
    return isinstance(error, TintypeConnectionError) and isinstance(error.__cause__, PASSING)


def unreachable(error: httpx.RequestError) -> TintypeConnectionError:
    """Return our error for one of httpx: the API is away, or is none."""
    try:
        # Without a password.
        where = str(error.request.url.copy_with(userinfo=b""))
    except RuntimeError:
        where = "the API"
    return TintypeConnectionError(f"{where}: {str(error) or type(error).__name__}")
