"""``/v1/jobs``: submit, look, list, download."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request, url_for
from uuid_utils import uuid7
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response as BaseResponse

from api.requests import Upload, parse_idempotency, parse_job, parse_wait
from api.schemas import JobPage, ListQuery, ResultQuery
from api.services import Services, services
from core.errors import QueueUnavailable, ResultGone, SourceNotFound
from core.jobs import Idempotency, Job, JobRequest, State
from core.objects import ObjectRef, content_disposition

bp = APIBlueprint("jobs", __name__, url_prefix="/v1/jobs", tag="Jobs")


@bp.post("")
@bp.output(Job, status_code=202, description="The job, not yet ended")
def submit() -> Any:
    """Submit a photograph.

    Send JSON that names an object in storage, or a form with the file itself. With
    ``Prefer: wait=N`` (at most 60 seconds) the answer is the finished job, with status 200, if it
    ends in time. With an ``Idempotency-Key`` the same request, sent again within 24 hours, is
    answered with the same job.
    """
    s = services()
    parsed = parse_job(request, s.settings.max_bytes)
    wanted = parsed.options.model
    if wanted is not None:
        s.catalogue.get(wanted)
    job = _accept(s, parsed, parse_idempotency(request, parsed))
    wait = parse_wait(request)
    try:
        job, waited = s.waiters.wait(s.jobs, job, wait)
    except QueueUnavailable:
        # Accepted is accepted: another request would make a second job.
        waited = False
    headers = {"Location": url_for("jobs.show", job_id=job.id), **_applied(waited, wait)}
    return job, 200 if job.state.final else 202, headers


@bp.get("")
@bp.input(ListQuery, location="query", arg_name="query")
@bp.output(JobPage)
def index(query: ListQuery) -> Any:
    """List jobs, newest first."""
    jobs, cursor = services().jobs.list(query.state, query.limit, query.cursor)
    return JobPage(jobs=list(jobs), next=cursor)


@bp.get("/<job_id>")
@bp.output(Job)
def show(job_id: str) -> Any:
    """Look at one job; with ``Prefer: wait=N`` as soon as it has ended, or after N seconds."""
    s = services()
    wait = parse_wait(request)
    job, waited = s.waiters.wait(s.jobs, s.jobs.get(job_id), wait)
    return job, 200, _applied(waited, wait)


@bp.get("/<job_id>/result")
@bp.input(ResultQuery, location="query", arg_name="query")
@bp.doc(responses={302: "A URL that downloads the result for a while", 409: "No result yet"})
def result(job_id: str, query: ResultQuery) -> BaseResponse:
    """Download the colour image: a redirect to storage, or the bytes with download=1."""
    s = services()
    job = s.jobs.get(job_id)
    if job.state is not State.SUCCEEDED or job.destination is None or job.content_type is None:
        raise Conflict(f"the job is {job.state}; only a succeeded job has a result")
    head = request.method == "HEAD"
    if not query.download:
        url = s.storage.presign(job.destination, job.content_type, "HEAD" if head else "GET")
        return redirect(url, 302)
    try:
        length, chunks = s.storage.stream(job.destination)
    except SourceNotFound as error:
        raise ResultGone(f"{job.destination} is not in storage; submit the job again") from error
    response = Response(chunks, content_type=job.content_type)
    response.content_length = length
    response.call_on_close(chunks.close)
    response.headers["Content-Disposition"] = content_disposition("attachment", job.destination.key)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _applied(waited: bool, wait: float) -> dict[str, str]:
    """Return the header that says that a preference was honoured (RFC 7240)."""
    return {"Preference-Applied": f"wait={wait:.0f}"} if waited else {}


def _store_upload(s: Services, upload: Upload) -> JobRequest:
    """Put an uploaded file into storage and return the order that names it."""
    source = ObjectRef(bucket=s.settings.bucket, key=f"uploads/{uuid7()}/{upload.filename}")
    order = JobRequest(source=source, destination=upload.destination, options=upload.options)
    content_type = upload.content_type or "application/octet-stream"
    s.storage.store(source, upload.stream, content_type)  # type: ignore[arg-type]
    return order


def _accept(s: Services, parsed: JobRequest | Upload, idempotency: Idempotency | None) -> Job:
    """Return the job that an equal request has made before, or a new one."""
    if isinstance(parsed, Upload):
        # Found out before the file is stored; ``accept`` decides.
        if idempotency and (known := s.jobs.find(idempotency)):
            return known
        s.jobs.check_room(s.settings.max_queued)
        order = _store_upload(s, parsed)
    else:
        order = parsed
    job, is_new = s.jobs.accept(order, s.settings.max_queued, idempotency)
    if is_new:
        _publish(s, job, idempotency)
    return job


def _publish(s: Services, job: Job, idempotency: Idempotency | None) -> None:
    """Queue a recorded job; if that fails the client is told so, and the record goes."""
    try:
        s.publisher.publish(job.id)
    except QueueUnavailable:
        s.jobs.discard(job.id, idempotency)
        raise
