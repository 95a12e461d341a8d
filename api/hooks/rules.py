"""Which bucket events become jobs, and which jobs: the file that ``TINTYPE_RULES`` names.

Results never come back as sources: whatever lies where any rule puts its results is left out, and
a rule whose sources would all be left out stops the start.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from core.batches import BatchDestination
from core.errors import InvalidSetting, TintypeError
from core.formats import READABLE, ending
from core.jobs import JobRequest, Options, Priority, Webhook
from core.key_templates import KeyTemplate
from core.objects import RESULTS, UPLOADS, ObjectRef, check_bucket, check_prefix

SETTING = "TINTYPE_RULES"


def _told(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    """Let pydantic name the field in which one of our errors was raised."""
    try:
        return check(value)
    except TintypeError as error:
        raise ValueError(str(error)) from error


def _check_suffix(suffix: str) -> str:
    """Return a suffix of photographs: lists and reports, too, lie in buckets."""
    if ending(f"x{suffix}") not in READABLE:
        raise ValueError(f"a suffix ends in one of {', '.join(_READABLE)}")
    return suffix.lower()


_READABLE = tuple(f".{name}" for name in sorted(READABLE))
_TOLD = WrapValidator(_told)
Bucket = Annotated[str, AfterValidator(check_bucket), _TOLD]
Prefix = Annotated[str, AfterValidator(check_prefix), _TOLD]
Suffix = Annotated[str, AfterValidator(_check_suffix)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Destination(BatchDestination):
    """Where the results of a rule go, as those of a batch; errors name the field."""

    bucket: Bucket
    prefix: Prefix = ""
    key_template: Annotated[KeyTemplate, _TOLD] = "{path}"


class Rule(_Part):
    """Objects of a bucket, and what to do with each that arrives."""

    bucket: Bucket
    prefix: Prefix = ""
    suffixes: Annotated[tuple[Suffix, ...], Field(min_length=1)] = _READABLE
    """In any case of letters."""
    destination: Destination | None = None
    """Left out: as for a job that names none."""
    options: Options = Options()
    priority: Priority = Priority.NORMAL
    webhook: Annotated[Webhook | None, _TOLD] = None

    def matches(self, bucket: str, key: str) -> bool:
        """Whether it is for this object."""
        return (
            bucket == self.bucket
            and key.startswith(self.prefix)
            and key.lower().endswith(self.suffixes)
        )

    def order(self, source: ObjectRef) -> JobRequest:
        """Return the job for an object.

        Raises:
            InvalidKey: the result's key would be too long.
        """
        return JobRequest(
            source=source,
            destination=self._result(source),
            options=self.options,
            priority=self.priority,
            webhook=self.webhook,
        )

    @property
    def digest(self) -> str:
        """Return the same for rules that say the same."""
        return sha256(self.model_dump_json().encode()).hexdigest()

    def _result(self, source: ObjectRef) -> ObjectRef | None:
        to = self.destination
        if to is None:
            return None
        key = to.key_for(source, self.prefix, self.options.format)
        return ObjectRef(bucket=to.bucket, key=key)


class _File(_Part):
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Place:
    """All keys of a bucket that begin alike."""

    bucket: str | None
    """None: of any bucket."""
    start: str

    def has(self, bucket: str, key: str) -> bool:
        """Whether an object, or all objects under a prefix, lie there."""
        return self.bucket in (None, bucket) and key.startswith(self.start)


@dataclass(frozen=True)
class Rules:
    """All rules; the first that matches counts."""

    rules: Sequence[Rule] = ()
    left_out: Sequence[Place] = ()
    """Where results and uploads lie."""

    @classmethod
    def load(cls, path: Path | None, uploads: str) -> "Rules":
        """Read the file; without one there are no rules. ``uploads`` is the bucket for uploads.

        Raises:
            InvalidSetting: a rule cannot work; the message names the file, the rule and the field.
        """
        if path is None:
            return cls()
        try:
            return cls.of(_parse(path.read_text(encoding="utf-8")), uploads)
        except (OSError, ValueError) as error:
            raise InvalidSetting(f"{SETTING}: {path}: {error}") from error

    @classmethod
    def of(cls, rules: Sequence[Rule], uploads: str) -> "Rules":
        """Return the rules if none has sources that are all left out.

        Raises:
            ValueError: one has; the message names it.
        """
        results = [Place(to.bucket, to.start) for rule in rules if (to := rule.destination)]
        # Uploads through the API have their jobs already.
        left_out = [Place(None, f"{RESULTS}/"), Place(uploads, f"{UPLOADS}/"), *results]
        for number, rule in enumerate(rules, start=1):
            for place in left_out:
                if place.has(rule.bucket, rule.prefix):
                    raise ValueError(_all_left_out(number, rule, place))
        return cls(rules, left_out)

    def match(self, bucket: str, key: str) -> Rule | None:
        """Return the rule for an object; None if there is none, or if it is left out."""
        if any(place.has(bucket, key) for place in self.left_out):
            return None
        return next((rule for rule in self.rules if rule.matches(bucket, key)), None)


def _parse(text: str) -> Sequence[Rule]:
    """Read rules.

    Raises:
        ValueError: the message names each rule and field that is wrong.
    """
    try:
        return _File.model_validate(tomllib.loads(text)).rules
    except ValidationError as error:
        raise ValueError("; ".join(_problems(error))) from error


def _problems(error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False):
        match item["loc"]:
            case ("rules", int(index), *rest):
                where = f"rule {index + 1}, {'.'.join(map(str, rest))}"
            case loc:
                where = ".".join(map(str, loc))
        yield f"{where}: {item['msg'].removeprefix('Value error, ')}"


def _all_left_out(number: int, rule: Rule, place: Place) -> str:
    return (
        f"rule {number}, prefix: all of {rule.bucket}/{rule.prefix} is left out, as results or "
        f"uploads lie under {place.bucket or rule.bucket}/{place.start}; give results a bucket or "
        "a prefix of their own"
    )
