"""Accepting jobs: recorded first, then queued."""

import logging
from collections.abc import Collection

from api.observing import trace_text
from api.requests import Upload
from api.services import Services, app_services
from api.webhooks import check_webhook
from core.batches import Batch, BatchRequest
from core.buckets import Right
from core.errors import QueueUnavailable, SourceNotFound
from core.jobs import Idempotency, Job, JobRequest, Options, Webhook, read_by
from core.jobs.uploads import new_source, upload_id
from core.objects import ObjectRef

log = logging.getLogger(__name__)


def accept(
    s: Services,
    parsed: JobRequest | Upload,
    idempotency: Idempotency | None,
    granted: Collection[ObjectRef] = (),
) -> Job:
    """Return the job that an equal request has made before, or a new one.

    What is ``granted`` may be read though the caller's key does not reach it, as parts of a job
    that the caller sees.

    Raises:
        BucketForbidden, QuotaExceeded, QueueFull, IdempotencyConflict, QueueUnavailable,
            StorageUnavailable, UploadExpired, SourceNotFound: as their names say.
    """
    if isinstance(parsed, Upload):
        if parsed.destination:
            s.access.check(parsed.destination, Right.WRITE)
        _check_reference(s, parsed.options)
        # Found out before the file is stored; the store decides.
        if idempotency and (known := s.jobs.find(idempotency)):
            return known
        s.jobs.check_room(s.settings.max_queued)
        order = _store_upload(s, parsed)
    else:
        _check_objects(s, parsed, granted)
        order = parsed
    most, maker = s.settings.max_queued, s.caller.maker
    job, is_new = s.jobs.accept(order, most, idempotency, s.webhook, maker, trace_text())
    if is_new:
        publish(s, job)
    return job


def check_order(s: Services, options: Options, webhook: Webhook | None) -> None:
    """Refuse what no worker could do.

    Raises:
        UnknownModel, WebhooksOff, InvalidWebhook, WebhookRefused: as their names say.
    """
    if options.model is not None:
        s.catalogue.get(options.model)
    check_webhook(s.settings, webhook)


def accept_batch(s: Services, asked: BatchRequest, idempotency: Idempotency | None) -> Batch:
    """Return the batch that an equal request has made before, or a new one.

    Raises:
        BucketForbidden, QueueFull, IdempotencyConflict, QueueUnavailable: as their names say.
    """
    source, destination = asked.source, asked.destination
    if source.manifest:
        s.access.check(source.manifest, Right.READ)
    else:
        s.access.check_listing(source.bucket, source.prefix)
    s.access.check_prefix(destination.bucket, destination.start, Right.WRITE)
    _check_reference(s, asked.options)
    maker, trace = s.caller.maker, trace_text()
    batch, is_new = s.batches.create(asked, idempotency, s.webhook, maker, trace)
    if is_new:
        s.publisher.publish_batch(batch)
    return batch


def publish(s: Services, job: Job) -> None:
    """Queue a recorded job. If that fails it is accepted all the same: the sweep will queue it."""
    try:
        s.publisher.publish(job)
        s.jobs.published(job)
    except QueueUnavailable as error:
        log.warning("job %s is recorded and will be queued later: %s", job.id, error)


def _check_objects(s: Services, order: JobRequest, granted: Collection[ObjectRef]) -> None:
    """Refuse what the caller may not read or write; its own uploads it may read anywhere.

    Raises:
        BucketForbidden: as its name says.
        SourceNotFound: the source is an upload of someone else.
    """
    source, name = order.source, upload_id(order.source)
    if s.caller.owner and name and source.bucket == s.settings.bucket:
        owner = s.uploads.owner_of(name)
        if owner == s.caller.owner:
            granted = (*granted, source)
        elif owner and s.caller.sees is not None:
            raise SourceNotFound(f"storage has no object {source}")
    app_services().access.check_job(read_by(order), order.destination)
    s.access.check_job(read_by(order), order.destination, granted)


def _check_reference(s: Services, options: Options) -> None:
    if options.reference:
        s.access.check(options.reference, Right.READ)


def _store_upload(s: Services, upload: Upload) -> JobRequest:
    """Put an uploaded file into storage and return the order that names it.

    It is recorded first, so that it expires if no job comes of it.
    """
    source = new_source(s.settings.bucket, upload.filename)
    s.uploads.open(source, upload.bytes, owner=s.caller.owner)
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
