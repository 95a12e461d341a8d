"""What can go wrong when talking to the API."""

from typing import Any


class TintypeClientError(Exception):
    """Root of all errors of this package."""


class TintypeConnectionError(TintypeClientError):
    """Raised when the API cannot be reached, or does not answer in time."""


class TintypeApiError(TintypeClientError):
    """Raised when the API answers with an error (RFC 9457), or with something it never would."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        fields: tuple[dict[str, Any], ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        """Of the HTTP answer."""
        self.code = code
        """Stable; match on it."""
        self.detail = detail
        """A sentence for people."""
        self.fields = fields
        """Which fields of the request are wrong: ``field`` and ``message`` of each."""
        self.retry_after = retry_after
        """Seconds after which the API says that it may be asked again."""


class WaitTimeout(TintypeClientError, TimeoutError):
    """Raised when a job or batch has not ended in the time that its client would wait."""


class InvalidSignature(TintypeClientError):
    """Raised when a webhook was not signed by who should have, or is too old."""
