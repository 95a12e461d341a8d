"""``/v1/batches``: whole archives in one order."""

from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response as BaseResponse

from api.accepting import accept_batch, check_order
from api.batch_schemas import BatchList, BatchPage, BatchQuery, EntryQuery, ReportQuery
from api.requests import idempotency_key, parse_json, parse_wait
from api.services import services
from api.waiting import applied
from core import logs
from core.batches import Batch, BatchRequest
from core.batches.records import REPORT_TYPES
from core.jobs import Idempotency
from core.objects import content_disposition

bp = APIBlueprint("batches", __name__, url_prefix="/v1/batches", tag="Batches")
DRY_RUN_WAIT = 20.0
"""Seconds that a dry run is waited for when nobody says otherwise."""


@bp.post("")
@bp.output(Batch, status_code=202, description="The batch, not yet ended")
def submit() -> Any:
    """Colorize everything below a prefix, or everything that a manifest lists.

    A worker reads the listing; jobs run meanwhile. With ``dry_run`` nothing is made, and the answer
    has counts, bytes, the first 20 keys and an estimate, if it is there within 20 seconds. An
    ``Idempotency-Key`` and ``Prefer: wait=N`` do what they do for jobs.
    """
    s = services()
    asked = parse_json(request, BatchRequest)
    check_order(s, asked.options, asked.webhook)
    key = idempotency_key(request)
    content = asked.model_dump_json().encode()
    idempotency = Idempotency.of(key, content, owner=s.caller.owner) if key else None
    batch = accept_batch(s, asked, idempotency)
    logs.bind(batch_id=batch.id)
    default = DRY_RUN_WAIT if asked.dry_run and "Prefer" not in request.headers else 0.0
    wait = parse_wait(request) or default
    batch, waited = s.waiters.wait_for_accepted(s.batches.get, batch, wait, s.caller.owner)
    headers = {"Location": url_for("batches.show", batch_id=batch.id), **applied(waited, wait)}
    return batch, HTTPStatus.OK if batch.finished else HTTPStatus.ACCEPTED, headers


@bp.get("")
@bp.input(BatchQuery, location="query", arg_name="query")
@bp.output(BatchList)
def index(query: BatchQuery) -> Any:
    """List batches, newest first."""
    s = services()
    batches, cursor = s.batches.list(query.state, query.limit, query.cursor, s.caller.sees)
    return BatchList(batches=list(batches), next=cursor)


@bp.get("/<batch_id>")
@bp.output(Batch)
def show(batch_id: str) -> Any:
    """Look at one batch; with ``Prefer: wait=N`` when it has ended, or after N seconds."""
    s = services()
    wait = parse_wait(request)
    batch, waited = s.waiters.wait(s.batches.get, s.batches.get(batch_id), wait, s.caller.owner)
    return batch, 200, applied(waited, wait)


@bp.get("/<batch_id>/jobs")
@bp.input(EntryQuery, location="query", arg_name="query")
@bp.output(BatchPage)
def entries(batch_id: str, query: EntryQuery) -> Any:
    """List the keys of a batch: queued and running ones first, then ended ones, oldest first.

    With ``sort=ambiguity``: the thousand of which the network was least sure, if the batch's
    options had it measured.
    """
    s = services()
    batch = s.batches.get(batch_id)
    if query.sort:
        found, cursor = s.entries.most_ambiguous(batch, query.limit, query.cursor)
    else:
        found, cursor = s.entries.page(batch, query.state, query.limit, query.cursor)
    return BatchPage(jobs=list(found), next=cursor)


@bp.post("/<batch_id>/pause")
@bp.output(Batch)
@bp.doc(responses={409: "It has ended"})
def pause(batch_id: str) -> Any:
    """Start no more of its jobs; those that run go on to their end."""
    return services().batches.pause(batch_id)


@bp.post("/<batch_id>/resume")
@bp.output(Batch)
@bp.doc(responses={409: "It has ended"})
def resume(batch_id: str) -> Any:
    """Go on after a pause."""
    return services().batches.resume(batch_id)


@bp.post("/<batch_id>/cancel")
@bp.output(Batch)
@bp.doc(responses={409: "It has ended"})
def cancel(batch_id: str) -> Any:
    """Cancel a batch with all its jobs that have not ended; results that are there stay."""
    return services().batches.cancel(batch_id)


@bp.post("/<batch_id>/retry-failed")
@bp.output(Batch, status_code=202)
@bp.doc(responses={409: "It has not failed, or has not ended"})
def retry_failed(batch_id: str) -> Any:
    """Try the failed keys of a batch again; one that failed as a whole goes on where it was."""
    return services().batches.retry(batch_id)


@bp.get("/<batch_id>/report")
@bp.input(ReportQuery, location="query", arg_name="query")
@bp.doc(responses={302: "A URL that downloads the report for a while", 409: "No report yet"})
def report(batch_id: str, query: ReportQuery) -> BaseResponse:
    """Download the report: a redirect to storage, or the bytes with download=1."""
    s = services()
    batch = s.batches.get(batch_id)
    if batch.report is None:
        raise Conflict(f"the batch is {batch.state}; it has a report once it has ended")
    place, content_type = batch.report[query.format], REPORT_TYPES[query.format]
    if not query.download:
        return redirect(s.storage.presign(place, content_type), 302)
    opened = s.storage.stream(place)
    response = Response(opened.chunks, content_type=content_type)
    response.content_length = opened.length
    response.call_on_close(opened.chunks.close)
    response.headers["Content-Disposition"] = content_disposition("attachment", place.key)
    return response
