"""The roots of all errors."""

from typing import ClassVar


class TintypeError(Exception):
    """Root of all errors; its message says what happened and what to do."""

    code: ClassVar[str] = "internal_error"


class PermanentError(TintypeError):
    """Trying again cannot help."""


class TransientError(TintypeError):
    """A server is away or busy; trying again later can help."""


class AttemptError(TintypeError):
    """Something went wrong in this attempt; another may do better, a few times."""


class InvalidSetting(PermanentError):
    """Raised when a setting has a value that cannot work."""

    code = "invalid_setting"


class StackError(PermanentError):
    """Raised when the embedded stack cannot start."""

    code = "stack_failed"
