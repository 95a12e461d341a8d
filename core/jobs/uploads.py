"""Uploads: files that clients put into storage, kept only if a job uses them in time.

An upload is recorded before its object can exist. The script that accepts a job marks the upload
that is its source as used; the one that claims an upload for removal makes it unusable. So an
accepted job never loses its source, and what nobody uses does not stay.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, cast

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema
from redis import Redis
from uuid_utils import uuid7

from core.errors import TintypeError, UploadExpired, UploadNotFound, WrongState
from core.jobs.base import Moment, Record
from core.jobs.parsing import moment
from core.jobs.scripts import Scripts, as_fields, key, milliseconds
from core.objects import UPLOADS, ObjectRef, safe_name
from core.redis_client import reachable

log = logging.getLogger(__name__)
SCRIPTS = ("open_upload", "complete_upload", "abandon_upload", "claim_uploads", "upload_removed")
REMOVAL_SECONDS = 60.0
"""Seconds that deleting may take; what is not done by then is tried again."""
_KEY = re.compile(rf"{UPLOADS}/([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})/[^/]+")


class UploadState(StrEnum):
    """Where an upload is."""

    PENDING = "pending"
    """The file is not in storage yet."""
    COMPLETE = "complete"
    """The file is in storage; no job has used it."""
    USED = "used"
    """A job has it as its source: it is kept for good."""
    EXPIRED = "expired"
    """No job used it in time, or a client deleted it: the file is deleted."""


class Upload(Record):
    """A place for one file."""

    id: str
    """UUIDv7 (RFC 9562), also part of the key."""
    state: UploadState
    source: ObjectRef
    """What to submit as a job's source."""
    bytes: int
    """As announced."""
    kept_until: Moment | None = None
    """When it is deleted unless a job has used it; null once that is decided."""
    multipart: SkipJsonSchema[Annotated[str, Field(exclude=True)]] = ""
    """Storage's id of the upload in parts; empty: the file comes whole."""


def new_source(bucket: str, filename: str) -> ObjectRef:
    """Return a place of its own for a file with this name."""
    return ObjectRef(bucket=bucket, key=f"{UPLOADS}/{uuid7()}/{safe_name(filename)}")


def upload_id(source: ObjectRef) -> str | None:
    """Return the id of the upload that has this key; None if it is no upload's key."""
    match = _KEY.fullmatch(source.key)
    return match[1] if match else None


class Uploads:
    """The records of uploads. Every method raises QueueUnavailable if Redis is away."""

    def __init__(self, redis: Redis, ttl: float) -> None:
        """``ttl``: seconds that an upload waits for a job."""
        self._redis = redis
        self._ttl = milliseconds(ttl)
        self._scripts = Scripts(redis, *SCRIPTS)

    def open(
        self,
        source: ObjectRef,
        size: int,
        url_seconds: float = 0,
        multipart: str = "",
        owner: str = "",
    ) -> Upload:
        """Record an upload, for whose object URLs work for some seconds from now."""
        name = upload_id(source)
        assert name, "only new_source makes the keys of uploads"
        times = (self._ttl, milliseconds(url_seconds))
        expiry = self._scripts.run(
            "open_upload", name, source.bucket, source.key, size, multipart, *times, owner
        )
        return Upload(
            id=name,
            state=UploadState.PENDING,
            source=source,
            bytes=size,
            kept_until=moment(expiry),
            multipart=multipart,
        )

    def get(self, name: str) -> Upload:
        """Return an upload.

        Raises:
            UploadNotFound: there is none with this id, or it was decided upon over a day ago.
        """
        with reachable():
            fields = cast(dict[str, str], self._redis.hgetall(key("upload", name)))
        if not fields:
            raise _unknown(name)
        return _parse(name, fields)

    def owner_of(self, name: str) -> str | None:
        """Return whose upload it is; None for nobody's, and for one that is not known any more."""
        with reachable():
            return cast(str | None, self._redis.hget(key("upload", name), "owner"))

    def completed(self, upload: Upload) -> Upload:
        """Note that the parts of an upload have become its object.

        Raises:
            UploadExpired: it is being deleted.
        """
        self._scripts.run("complete_upload", upload.id)
        now = self.get(upload.id)
        if now.state is UploadState.EXPIRED:
            raise expired(upload.id)
        return now

    def abandon(self, name: str) -> Upload | None:
        """Make an upload unusable; the caller removes its object. None: it had expired already.

        Raises:
            UploadNotFound: there is none with this id.
            WrongState: a job uses it.
        """
        state = self._scripts.run("abandon_upload", name, milliseconds(REMOVAL_SECONDS))
        if state is None:
            raise _unknown(name)
        if state == UploadState.USED:
            raise WrongState("a job uses this upload, so it is kept")
        return None if state == UploadState.EXPIRED else self.get(name)

    def claim(self, most: int) -> Sequence[Upload]:
        """Make uploads unusable that are due to be removed; nobody else gets them for a while."""
        flat = self._scripts.run("claim_uploads", most, milliseconds(REMOVAL_SECONDS))
        claimed = []
        for name, record in zip(flat[::2], flat[1::2], strict=True):
            try:
                claimed.append(_parse(name, as_fields(record)))
            except (ValueError, LookupError, TintypeError):
                # One damaged record must not keep the others.
                log.exception("the record of upload %s is damaged", name)
        return claimed

    def removed(self, upload: Upload) -> None:
        """Note that the object of an expired upload was deleted."""
        self._scripts.run("upload_removed", upload.id)


def expired(name: str) -> UploadExpired:
    """Return the error of whoever wants to use an upload that has expired."""
    return UploadExpired(f"upload {name} has expired or was deleted; upload the file again")


def _unknown(name: str) -> UploadNotFound:
    return UploadNotFound(f"no upload has the id {name!r}")


def _parse(name: str, fields: Mapping[str, str]) -> Upload:
    state = UploadState(fields["state"])
    waits = state in (UploadState.PENDING, UploadState.COMPLETE)
    return Upload(
        id=name,
        state=state,
        source=ObjectRef(bucket=fields["bucket"], key=fields["key"]),
        bytes=int(fields["bytes"]),
        kept_until=moment(fields["expiry"]) if waits else None,
        multipart=fields["multipart"],
    )
