"""The calls about jobs; ``Client`` and ``AsyncClient`` send them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import BaseModel

from tintype_client.call import Call, Upload, segment
from tintype_client.models import (
    Job,
    Model,
    ObjectRef,
    OptionsLike,
    Page,
    Part,
    Readiness,
    Retried,
    WebhookLike,
)

SILENCE = 20.0
"""Seconds without a byte after which a stream is dead: the API says something every five."""


def submit(
    source: str | ObjectRef | Path | bytes,
    *,
    destination: str | ObjectRef | None = None,
    options: OptionsLike | None = None,
    priority: str | None = None,
    webhook: WebhookLike | None = None,
    wait: float = 0,
    filename: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Job]:
    """Submit a photograph: ``s3://bucket/key``, the path of a file, or a file's bytes.

    With ``wait`` (at most 60 seconds) the job is answered as soon as it has ended, if it does in
    time. ``webhook`` is a URL, or ``{"url": …, "events": […]}``. The same ``idempotency_key``
    gives the same job for 24 hours; without one each call makes a new job, however often it has
    to be sent. ``filename`` is for bytes.
    """
    order = {
        "destination": as_ref(destination) if destination else None,
        "options": as_options(options),
        "priority": priority,
        "webhook": as_webhook(webhook),
    }
    order = {name: value for name, value in order.items() if value is not None}
    keys = {"Idempotency-Key": idempotency_key or str(uuid4())}
    read = Job.model_validate_json
    upload = _upload(source, filename)
    if upload is None:
        assert isinstance(source, str | ObjectRef)
        body = {"source": as_ref(source), **order}
        return Call("POST", "/v1/jobs", read, json=body, wait=wait, headers=keys)
    form = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in order.items()
    }
    return Call("POST", "/v1/jobs", read, form=form, upload=upload, wait=wait, headers=keys)


def job(job: Job | str, *, wait: float = 0) -> Call[Job]:
    """Look at a job; with ``wait`` as soon as it has ended, or after so many seconds."""
    return Call("GET", _path(job), Job.model_validate_json, wait=wait)


def jobs(
    *, state: str | None = None, code: str | None = None, page_size: int | None = None
) -> Call[Page[Job]]:
    """List jobs, newest first: all, those in one state, those that failed with one code."""
    params = {"state": state, "code": code, "limit": page_size}
    return Call("GET", "/v1/jobs", Page[Job].model_validate_json, params=params)


def cancel(job: Job | str) -> Call[Job]:
    """Cancel a job; one that stores its result already may still succeed."""
    return Call("POST", f"{_path(job)}/cancel", Job.model_validate_json)


def retry(job: Job | str) -> Call[Job]:
    """Queue a failed or canceled job again.

    ``wrong_state`` can also mean that an earlier try got through and only its answer was lost.
    """
    return Call("POST", f"{_path(job)}/retry", Job.model_validate_json)


def retry_many(*, code: str | None = None, limit: int = 1000) -> Call[Retried]:
    """Queue failed jobs again, newest first: all, or those with one code of error."""
    body = {"limit": limit} | ({"code": code} if code else {})
    return Call("POST", "/v1/jobs/retry", Retried.model_validate_json, json=body)


def redecode(
    job: Job | str,
    *,
    options: OptionsLike,
    destination: str | ObjectRef | None = None,
    priority: str | None = None,
    webhook: WebhookLike | None = None,
    wait: float = 0,
    idempotency_key: str | None = None,
) -> Call[Job]:
    """Decode in another way what the network said in a job with ``keep_distribution``.

    It makes a new job; ``options`` that are left out stay as they were.
    """
    body = {
        "options": as_options(options),
        "destination": as_ref(destination) if destination else None,
        "priority": priority,
        "webhook": as_webhook(webhook),
    }
    body = {name: value for name, value in body.items() if value is not None}
    keys = {"Idempotency-Key": idempotency_key or str(uuid4())}
    read = Job.model_validate_json
    return Call("POST", f"{_path(job)}/redecode", read, json=body, wait=wait, headers=keys)


def result(job: Job | str, part: Part = "result") -> Call[bytes]:
    """Return the bytes of a job's result, of another variant, or of the map of ambiguity."""
    params = {"download": 1} | ({} if part == "result" else {"part": part})
    return Call("GET", f"{_path(job)}/result", bytes, params=params)


def events(job: Job | str | None = None) -> Call[bytes]:
    """Follow one job, or all (Server-Sent Events)."""
    path = "/v1/events" if job is None else f"{_path(job)}/events"
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    return Call("GET", path, bytes, headers=headers, silence=SILENCE)


def models() -> Call[Page[Model]]:
    """List the networks that a job may name."""
    return Call("GET", "/v1/models", Page[Model].model_validate_json)


def ready() -> Call[Readiness]:
    """Say whether a job submitted now would be worked on, and if not, why."""
    return Call("GET", "/readyz", Readiness.model_validate_json, also_read=(503,))


def as_ref(source: str | ObjectRef) -> dict[str, str]:
    """Return an object as the API wants it.

    Raises:
        ValueError: it is not ``s3://bucket/key``.
    """
    if isinstance(source, ObjectRef):
        return {"bucket": source.bucket, "key": source.key}
    bucket, key = split_url(source)
    if not key:
        raise ValueError(f"{source!r} has no key: write s3://bucket/key")
    return {"bucket": bucket, "key": key}


def split_url(url: str) -> tuple[str, str]:
    """Return the bucket and what follows it, which may be empty.

    Raises:
        ValueError: it is not ``s3://bucket/…``.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise ValueError(f"{url!r} is not an address in storage: write s3://bucket/key")
    return bucket, key


def as_options(options: OptionsLike | None) -> dict[str, Any] | None:
    """Return options without those that are left out."""
    if isinstance(options, BaseModel):
        return options.model_dump(mode="json", exclude_defaults=True)
    return None if options is None else dict(options)


def as_webhook(webhook: WebhookLike | None) -> dict[str, Any] | None:
    """Return a webhook as the API wants it."""
    if isinstance(webhook, Mapping):
        return dict(webhook)
    return {"url": webhook} if webhook else None


def _upload(source: str | ObjectRef | Path | bytes, filename: str | None) -> Upload | None:
    if isinstance(source, bytes):
        return Upload(filename or "photo", source)
    if isinstance(source, ObjectRef) or (isinstance(source, str) and source.startswith("s3://")):
        return None
    path = Path(source)
    return Upload(filename or path.name, path)


def _path(job: Job | str) -> str:
    return f"/v1/jobs/{segment(job if isinstance(job, str) else job.id)}"
