"""The calls about batches; ``Client`` and ``AsyncClient`` send them."""

from collections.abc import Sequence
from typing import Literal
from uuid import uuid4

from tintype_client.batch_models import Batch, Entry
from tintype_client.call import Call, segment
from tintype_client.job_calls import as_options, as_ref, as_webhook, split_url
from tintype_client.models import ObjectRef, OptionsLike, Page, WebhookLike


def submit_batch(
    source: str,
    destination: str,
    *,
    key_template: str | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    manifest: str | ObjectRef | None = None,
    options: OptionsLike | None = None,
    priority: str | None = None,
    on_existing: Literal["skip", "overwrite"] | None = None,
    dry_run: bool = False,
    webhook: WebhookLike | None = None,
    wait: float = 0,
    idempotency_key: str | None = None,
) -> Call[Batch]:
    """Submit all photographs below ``s3://bucket/prefix``, or those that a manifest lists.

    ``destination`` is what the keys of the results begin with: ``s3://bucket/prefix/``. With
    ``dry_run`` no job is made: what is answered has counts, bytes and an estimate.
    """
    order = {
        "source": _place(source)
        | _given(
            include=list(include),
            exclude=list(exclude),
            manifest=as_ref(manifest) if manifest else None,
        ),
        "destination": _place(destination) | _given(key_template=key_template),
        **_given(
            options=as_options(options),
            priority=priority,
            on_existing=on_existing,
            dry_run=dry_run,
            webhook=as_webhook(webhook),
        ),
    }
    keys = {"Idempotency-Key": idempotency_key or str(uuid4())}
    read = Batch.model_validate_json
    # A dry run is worth waiting for; the API does so, and the client has to be as patient.
    wait = wait or (20 if dry_run else 0)
    return Call("POST", "/v1/batches", read, json=order, wait=wait, headers=keys)


def batch(batch: Batch | str, *, wait: float = 0) -> Call[Batch]:
    """Look at a batch; with ``wait`` as soon as it has ended, or after so many seconds."""
    return Call("GET", _path(batch), Batch.model_validate_json, wait=wait)


def batches(*, state: str | None = None, page_size: int | None = None) -> Call[Page[Batch]]:
    """List batches, newest first."""
    params = {"state": state, "limit": page_size}
    return Call("GET", "/v1/batches", Page[Batch].model_validate_json, params=params)


def batch_jobs(
    batch: Batch | str,
    *,
    state: str | None = None,
    sort: Literal["ambiguity"] | None = None,
    page_size: int | None = None,
) -> Call[Page[Entry]]:
    """List the keys of a batch: what waits and runs, then what has ended, oldest first.

    With ``sort="ambiguity"``: the thousand that want a review first.
    """
    params = {"state": state, "sort": sort, "limit": page_size}
    return Call("GET", f"{_path(batch)}/jobs", Page[Entry].model_validate_json, params=params)


def pause_batch(batch: Batch | str) -> Call[Batch]:
    """Let what runs end and start nothing new."""
    return Call("POST", f"{_path(batch)}/pause", Batch.model_validate_json)


def resume_batch(batch: Batch | str) -> Call[Batch]:
    """Go on with a paused batch."""
    return Call("POST", f"{_path(batch)}/resume", Batch.model_validate_json)


def cancel_batch(batch: Batch | str) -> Call[Batch]:
    """Cancel a batch with all its jobs that have not ended."""
    return Call("POST", f"{_path(batch)}/cancel", Batch.model_validate_json)


def retry_failed(batch: Batch | str) -> Call[Batch]:
    """Queue the failed jobs of a batch again.

    ``wrong_state`` can also mean that an earlier try got through and only its answer was lost.
    """
    return Call("POST", f"{_path(batch)}/retry-failed", Batch.model_validate_json)


def report(batch: Batch | str, format: Literal["csv", "json"] = "csv") -> Call[bytes]:
    """Return the report of a batch that has ended."""
    params = {"format": format, "download": 1}
    return Call("GET", f"{_path(batch)}/report", bytes, params=params)


def _place(url: str) -> dict[str, object]:
    bucket, prefix = split_url(url)
    return {"bucket": bucket, "prefix": prefix}


def _given(**values: object) -> dict[str, object]:
    """Leave out what the API has a default for."""
    return {name: value for name, value in values.items() if value}


def _path(batch: Batch | str) -> str:
    return f"/v1/batches/{segment(batch if isinstance(batch, str) else batch.id)}"
