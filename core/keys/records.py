"""What is known of a key; the key itself is not."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from core.buckets import Access
from core.jobs.base import Moment, Record
from core.settings import RATE

Rate = Annotated[str, Field(pattern=RATE)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,64}$")]


class Scope(StrEnum):
    """What a key is for."""

    SUBMIT = "submit"
    """Making and changing jobs, batches and uploads."""
    READ = "read"
    """Looking at them, and downloading results."""
    METRICS = "metrics"
    """How the service does, in numbers: for what watches and scales it."""
    ADMIN = "admin"
    """Everything, of all owners."""


ALL_SCOPES = frozenset(Scope)


def check_access(text: str) -> str:
    """Return rules for buckets that ``core.buckets`` can read.

    Raises:
        InvalidBucket, InvalidSetting: it cannot.
    """
    Access.parse(text)
    return text.strip()


class KeyRequest(Record):
    """What a key is to be."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    """For people."""
    owner: Name | None = None
    """Keys of one owner see the same jobs; None: the key's own id."""
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    access: Annotated[str, AfterValidator(check_access)] = ""
    """Buckets and prefixes, as in ``TINTYPE_BUCKETS``; empty: all that the service may use."""
    expires: Moment | None = None
    rate: Rate | None = None
    """None: ``TINTYPE_RATE_LIMIT``."""
    quota: Annotated[int, Field(ge=1)] | None = None
    """Jobs that its owner may make in a day (UTC); None: no limit."""


class ApiKey(KeyRequest):
    """A key, without its secret."""

    id: str
    owner: str
    created: Moment
    revoked: Moment | None = None
    last_used: Moment | None = None
    """To the minute."""

    def usable(self, now: datetime) -> bool:
        """Whether it opens anything at a time."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def has(self, scope: Scope) -> bool:
        """Whether it is for something; admin is for everything."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    @property
    def sorted_scopes(self) -> Sequence[Scope]:
        """The scopes, admin last."""
        return [scope for scope in Scope if scope in self.scopes]
