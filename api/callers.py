"""Whoever has sent a request."""

from dataclasses import dataclass

from core.jobs import Maker
from core.jobs.makers import NOBODY
from core.keys import ALL_SCOPES, ApiKey, Scope


@dataclass(frozen=True)
class Caller:
    """What a request may do and see."""

    key: ApiKey | None = None
    """None: no key is needed."""
    session: str | None = None
    """The cookie by which the key is known, if it is not shown itself."""

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the caller may do."""
        return self.key.scopes if self.key else ALL_SCOPES

    @property
    def owner(self) -> str:
        """Whose the jobs are that the caller makes; empty: nobody's."""
        return self.key.owner if self.key else ""

    @property
    def sees(self) -> str | None:
        """The owner whose jobs the caller sees; None: those of all."""
        return None if self.key is None or self.key.has(Scope.ADMIN) else self.key.owner

    @property
    def maker(self) -> Maker:
        """What records of jobs and batches have to know of the caller."""
        if self.key is None:
            return NOBODY
        return Maker(self.key.owner, self.key.quota, self.key.access)


ANYBODY = Caller()
"""Where no key is needed."""
