"""What a check says."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and may not do so tomorrow."""
    PROBLEM = "problem"
    """Something does not work."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    advice: str = ""
    """What to do; where all is well, what could be had beside it."""

    def without(self, secrets: frozenset[str]) -> "Finding":
        """Return it with every secret blotted out."""
        return replace(self, found=_blot(self.found, secrets), advice=_blot(self.advice, secrets))

    def as_json(self) -> dict[str, str]:
        """Return what ``--json`` prints."""
        return asdict(self)


def ok(name: str, found: str, advice: str = "") -> Finding:
    """Say that all is well."""
    return Finding(name, State.OK, found, advice)


def warning(name: str, found: str, advice: str) -> Finding:
    """Say what may go wrong later."""
    return Finding(name, State.WARNING, found, advice)


def problem(name: str, found: str, advice: str) -> Finding:
    """Say what does not work."""
    return Finding(name, State.PROBLEM, found, advice)


def _blot(text: str, secrets: frozenset[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
