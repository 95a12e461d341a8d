"""Which buckets may be used at all, and for what: ``TINTYPE_BUCKETS``.

Rules are separated by commas: ``photos:read, photos/colorized/:write, tintype``. A rule names a
bucket, a prefix of keys in it if only those are meant, and ``read`` or ``write`` if not both.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import BucketForbidden, InvalidSetting
from core.objects import RESULTS, UPLOADS, ObjectRef, check_bucket

UNLISTED = (f"{UPLOADS}/", f"{RESULTS}/{UPLOADS}/")
"""Uploads, and results that lie where those of uploads do."""


class Right(StrEnum):
    """What may be done with objects."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Rule:
    """One bucket, or a prefix of it, and the rights there."""

    bucket: str
    prefix: str
    rights: frozenset[Right]

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """Read ``bucket[/prefix][:read|:write]``.

        Raises:
            InvalidBucket: the bucket's name cannot be one.
            InvalidSetting: the right is unknown.
        """
        place, colon, right = text.strip().rpartition(":")
        if not colon:
            place, right = text.strip(), ""
        elif right not in list(Right):
            raise InvalidSetting(f"{right!r} is neither read nor write")
        bucket, _, prefix = place.partition("/")
        rights = frozenset([Right(right)] if right else Right)
        return cls(check_bucket(bucket), prefix, rights)

    def common(self, other: "Rule") -> "Rule | None":
        """Return what both rules allow; None for nothing."""
        shorter, longer = sorted((self.prefix, other.prefix), key=len)
        rights = self.rights & other.rights
        if self.bucket != other.bucket or not longer.startswith(shorter) or not rights:
            return None
        return Rule(self.bucket, longer, rights)


@dataclass(frozen=True)
class Access:
    """What the rules allow; without any, everything that the credentials reach."""

    rules: Sequence[Rule] = ()
    who: str = "this service"
    nothing: bool = False
    """Whether no rules mean that nothing is allowed, as where two lists have none in common."""
    shared: str = ""
    """The bucket where uploads of many owners lie, whose names are not told; empty: none."""

    @classmethod
    def parse(cls, text: str) -> "Access":
        """Read rules; see ``Rule.parse``."""
        return cls(tuple(Rule.parse(part) for part in text.split(",") if part.strip()))

    def with_own(self, bucket: str) -> "Access":
        """Add the bucket for uploads, which needs no rule."""
        own = Rule(bucket, "", frozenset(Right))
        return Access((*self.rules, own)) if self.rules else self

    def narrowed(self, text: str) -> "Access":
        """Return what is allowed here and also by the rules of a key; no rules allow all of it."""
        asked = Access.parse(text).rules
        if not asked:
            return self
        if self.everything:
            return Access(asked, "this key")
        common = tuple(filter(None, (one.common(two) for one in self.rules for two in asked)))
        return Access(common, "this key", nothing=not common)

    @property
    def everything(self) -> bool:
        """Whether nothing is forbidden."""
        return not self.rules and not self.nothing

    def allows(self, ref: ObjectRef, right: Right) -> bool:
        """Whether an object may be read or written."""
        return self.everything or any(
            rule.bucket == ref.bucket and ref.key.startswith(rule.prefix) and right in rule.rights
            for rule in self.rules
        )

    def check(self, ref: ObjectRef, right: Right) -> None:
        """Let what is allowed pass.

        Raises:
            BucketForbidden: it is not; whether there is such a bucket or object is not told.
        """
        if not self.allows(ref, right):
            raise BucketForbidden(f"{self.who} may not {right} {ref}")

    def check_prefix(self, bucket: str, prefix: str, right: Right) -> None:
        """Let all keys that begin so pass.

        Raises:
            BucketForbidden: some are not allowed.
        """
        if not self.everything and not any(
            rule.bucket == bucket and prefix.startswith(rule.prefix) and right in rule.rights
            for rule in self.rules
        ):
            raise BucketForbidden(f"{self.who} may not {right} s3://{bucket}/{prefix}")

    def check_listing(self, bucket: str, prefix: str) -> None:
        """Let a listing of the keys that begin so pass.

        Raises:
            BucketForbidden: some may not be read, or are of uploads, which may be of anybody.
        """
        self.check_prefix(bucket, prefix, Right.READ)
        if self.hides(bucket, prefix):
            raise BucketForbidden(f"{self.who} may not list s3://{bucket}/{prefix}")

    def hides(self, bucket: str, prefix: str) -> bool:
        """Whether what begins so is left out of listings."""
        return bucket == self.shared and prefix.startswith(UNLISTED)

    def readable(self) -> Sequence[tuple[str, str]]:
        """Return buckets and prefixes in them that may be read, as far as rules name them."""
        found = ((rule.bucket, rule.prefix) for rule in self.rules if Right.READ in rule.rights)
        return [*dict.fromkeys(found)]

    def check_job(
        self,
        reads: Sequence[ObjectRef],
        destination: ObjectRef | None,
        granted: Collection[ObjectRef] = (),
    ) -> None:
        """Let an order pass whose objects may be read and whose result may be written.

        The first of ``reads`` is the source. What is ``granted`` may be read in any case, and a
        result of it may lie where results lie by themselves.

        Raises:
            BucketForbidden: see ``check``.
        """
        for ref in reads:
            if ref not in granted:
                self.check(ref, Right.READ)
        if destination is None and reads[0] in granted:
            return
        if destination:
            self.check(destination, Right.WRITE)
        else:
            self.check_prefix(reads[0].bucket, f"{RESULTS}/", Right.WRITE)
