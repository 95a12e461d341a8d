"""``/v1/jobs/{id}/result``: the colour image."""

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response as BaseResponse

from api.schemas import Part, ResultQuery
from api.services import services
from core.errors import ResultGone, SourceNotFound
from core.jobs import Job, State
from core.objects import ObjectRef, content_disposition

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
    place, content_type = _part(job, query.part)
    head = request.method == "HEAD"
    if not query.download:
        url = s.storage.presign(place, content_type, "HEAD" if head else "GET")
        return redirect(url, 302)
    try:
        length, chunks = s.storage.stream(place)
    except SourceNotFound as error:
        raise ResultGone(f"{place} is not in storage; submit the job again") from error
    response = Response(chunks, content_type=content_type)
    response.content_length = length
    response.call_on_close(chunks.close)
    response.headers["Content-Disposition"] = content_disposition("attachment", place.key)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _part(job: Job, part: Part) -> tuple[ObjectRef, str]:
    """Return the object of a succeeded job that was asked for, and its type.

    Raises:
        Conflict: there is no such object.
    """
    if job.state is not State.SUCCEEDED or job.destination is None or job.content_type is None:
        raise Conflict(f"the job is {job.state}; only a succeeded job has a result")
    parts = {"result": job.destination, "ambiguity": job.ambiguity_map}
    parts |= {f"variant-{n}": each.destination for n, each in enumerate(job.variants, 2)}
    place = parts.get(part)
    if place is None:
        raise Conflict(f"the job has no {part}; ask for it in the options")
    return place, "image/png" if part == "ambiguity" else job.content_type
