"""Uploads past the API: a client with a signed URL talks to storage itself."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from werkzeug.exceptions import UnprocessableEntity

from api.services import Services
from api.upload_schemas import NewUpload, PartURL, UploadRequest
from core.errors import ObjectTooLarge, WrongState
from core.jobs.uploads import Upload, UploadState, expired, new_source
from core.upload_storage import part_sizes


def begin(s: Services, wanted: UploadRequest) -> NewUpload:
    """Record an upload and sign its URLs.

    Raises:
        ObjectTooLarge: no job would take so large a file.
        QueueUnavailable, StorageUnavailable, StorageDenied, BucketNotFound: as their names say.
    """
    if wanted.bytes > s.settings.max_bytes:
        raise ObjectTooLarge(f"a file may have {s.settings.max_bytes} bytes; see TINTYPE_MAX_BYTES")
    source, sizes = new_source(s.settings.bucket, wanted.filename), part_sizes(wanted.bytes)
    seconds = max(1, min(s.settings.presign_seconds, int(s.settings.upload_ttl)))
    whole = len(sizes) == 1
    # If Redis does not hear of it, storage has begun an upload whose id nobody knows: no bytes.
    multipart = "" if whole else s.storage.begin_parts(source, wanted.content_type)
    upload = s.uploads.open(source, wanted.bytes, seconds, multipart, s.caller.owner)
    expires = datetime.now(UTC) + timedelta(seconds=seconds)
    plain = NewUpload(**upload.model_dump(), expires=expires)
    if whole:
        url = s.storage.presign_put(source, wanted.content_type, wanted.bytes, seconds)
        headers = {"Content-Type": wanted.content_type, "Content-Length": str(wanted.bytes)}
        return plain.model_copy(update={"url": url, "headers": headers})
    parts = [
        PartURL(
            number=number,
            url=s.storage.presign_part(source, multipart, number, size, seconds),
            bytes=size,
        )
        for number, size in enumerate(sizes, 1)
    ]
    return plain.model_copy(update={"parts": parts})


def look(s: Services, upload_id: str) -> Upload:
    """Return an upload; storage knows whether a file that comes whole has arrived.

    Raises:
        UploadNotFound: there is none with this id.
    """
    upload = s.uploads.get(upload_id)
    if upload.state is UploadState.PENDING and not upload.multipart:
        arrived = s.storage.head(upload.source) is not None
        return upload.model_copy(update={"state": UploadState.COMPLETE}) if arrived else upload
    return upload


def complete(s: Services, upload_id: str, etags: Mapping[int, str]) -> Upload:
    """Join the parts of an upload; as often as you like.

    Raises:
        UploadNotFound, UploadExpired, UploadIncomplete: as their names say.
        WrongState: the file comes whole.
        UnprocessableEntity: these are not the numbers of its parts.
    """
    upload = s.uploads.get(upload_id)
    if upload.state is UploadState.EXPIRED:
        raise expired(upload_id)
    if not upload.multipart:
        raise WrongState("this upload has no parts; PUT the file and submit its source")
    if upload.state is not UploadState.PENDING:
        return upload
    count = len(part_sizes(upload.bytes))
    if sorted(etags) != list(range(1, count + 1)):
        raise UnprocessableEntity(f"this upload has the parts 1 to {count}, each once")
    s.storage.join_parts(upload, etags)
    return s.uploads.completed(upload)


def abandon(s: Services, upload_id: str) -> None:
    """Delete an upload; as often as you like. If storage is away, it is deleted later.

    Raises:
        UploadNotFound, StorageUnavailable: as their names say.
        WrongState: a job uses it.
    """
    upload = s.uploads.abandon(upload_id)
    if upload:
        s.storage.remove(upload)
        s.uploads.removed(upload)
