"""Errors of API keys, sessions and limits."""

from core.errors.base import PermanentError, TransientError


class KeyRequired(PermanentError):
    """Raised when a request shows no key where one is needed."""

    code = "key_required"


class KeyInvalid(PermanentError):
    """Raised when a key or a session is unknown, revoked or expired."""

    code = "key_invalid"


class ScopeMissing(PermanentError):
    """Raised when a key has not the scope that a request needs."""

    code = "scope_missing"


class CsrfRefused(PermanentError):
    """Raised when a request with a session's cookie does not show the session's CSRF token."""

    code = "csrf_refused"


class HostRefused(PermanentError):
    """Raised when a request to an API without keys names a host that is not this machine."""

    code = "host_refused"


class TooManyTries(TransientError):
    """Raised when too many wrong keys came from one address."""

    code = "too_many_tries"


class QuotaExceeded(TransientError):
    """Raised when as many jobs were made today as may be."""

    code = "quota_exceeded"

    def __init__(self, quota: int, retry_after: int) -> None:
        """``retry_after``: seconds until more may be made."""
        super().__init__(f"{quota} jobs were made today (UTC), as many as this key may make")
        self.retry_after = retry_after


class KeyNotFound(PermanentError):
    """Raised when no key has this id."""

    code = "key_not_found"


class KeysNeeded(PermanentError):
    """Raised when the API would listen to other machines and let in whoever comes."""

    code = "keys_needed"
