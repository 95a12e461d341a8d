"""``/v1/jobs/{id}/result``: the colour image."""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response as BaseResponse

from api.schemas import ResultQuery
from api.services import services
from core.errors import ResultGone, SourceNotFound
from core.jobs import State
from core.objects import content_disposition

bp = APIBlueprint("results", __name__, url_prefix="/v1/jobs", tag="Results")


@bp.get("/<job_id>/result")
@bp.input(ResultQuery, location="query", arg_name="query")
@bp.doc(responses={302: "A URL that downloads the result for a while", 409: "No result"})
def result(job_id: str, query: ResultQuery) -> BaseResponse:
    """Download the colour image: a redirect to storage, or the bytes with download=1."""
    s = services()
    job = s.jobs.get(job_id)
    if job.skipped:
        raise Conflict(
            f"the job was skipped ({job.skipped}) and has no result; "
            'submit the photograph again with "on_color": "recolor" to colorize it anyway'
        )
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
