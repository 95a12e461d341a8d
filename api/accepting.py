"""Accepting jobs: recorded first, then queued."""

import logging

from uuid_utils import uuid7

from api.requests import Upload
from api.services import Services
from core.buckets import Right
from core.errors import QueueUnavailable
from core.jobs import Idempotency, Job, JobRequest
from core.objects import UPLOADS, ObjectRef

log = logging.getLogger(__name__)


def accept(s: Services, parsed: JobRequest | Upload, idempotency: Idempotency | None) -> Job:
    """Return the job that an equal request has made before, or a new one.

    Raises:
        BucketForbidden, QueueFull, IdempotencyConflict, QueueUnavailable, StorageUnavailable: as
            their names say.
    """
    if isinstance(parsed, Upload):
        if parsed.destination:
            s.access.check(parsed.destination, Right.WRITE)
        # Found out before the file is stored; the store decides.
        if idempotency and (known := s.jobs.find(idempotency)):
            return known
        s.jobs.check_room(s.settings.max_queued)
        order = _store_upload(s, parsed)
    else:
        s.access.check_job(parsed.source, parsed.destination)
        order = parsed
    job, is_new = s.jobs.accept(order, s.settings.max_queued, idempotency, s.webhook)
    if is_new:
        publish(s, job)
    return job


def publish(s: Services, job: Job) -> None:
    """Queue a recorded job. If that fails it is accepted all the same: the sweep will queue it."""
    try:
        s.publisher.publish(job)
        s.jobs.published(job)
    except QueueUnavailable as error:
        log.warning("job %s is recorded and will be queued later: %s", job.id, error)


def _store_upload(s: Services, upload: Upload) -> JobRequest:
    """Put an uploaded file into storage and return the order that names it."""
    source = ObjectRef(bucket=s.settings.bucket, key=f"{UPLOADS}/{uuid7()}/{upload.filename}")
    order = JobRequest(
        source=source,
        destination=upload.destination,
        options=upload.options,
        priority=upload.priority,
        webhook=upload.webhook,
    )
    content_type = upload.content_type or "application/octet-stream"
    s.storage.store(source, upload.stream, content_type)  # type: ignore[arg-type]
    return order
