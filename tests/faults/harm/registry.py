"""What a fault is, and all of them by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.fleet import Fleet
from tests.faults.load import Load

Harm = Callable[[Fleet, Load], None]


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and the load under which it does."""

    name: str
    harm: Harm
    load: dict[str, Any] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    """With which some jobs may fail."""
    must_fail: int = 0
    """How many do."""
    longest: float = 60.0
    """Seconds that the slowest job may take."""


FAULTS: dict[str, Fault] = {}


def fault(name: str, **options: Any) -> Callable[[Harm], Harm]:
    """Register a function as a fault."""

    def register(harm: Harm) -> Harm:
        FAULTS[name] = Fault(name, harm, **options)
        return harm

    return register
