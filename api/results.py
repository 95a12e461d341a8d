"""``/v1/jobs/{id}/result``: the colour image, and what belongs to it."""

from itertools import chain

from apiflask import APIBlueprint
from flask import Response, redirect, request
from werkzeug.exceptions import Conflict
from werkzeug.wrappers import Response as BaseResponse

from api.schemas import Part, ResultQuery
from api.services import app_services, services
from core.buckets import Right
from core.errors import NotShown, ResultGone, SourceNotFound
from core.formats import shown_as
from core.jobs import Job, State
from core.objects import ObjectRef, content_disposition
from core.stored import Opened

ANY = "application/octet-stream"
KEPT_SECONDS = 3600
bp = APIBlueprint("results", __name__, url_prefix="/v1/jobs", tag="Results")


@bp.get("/<job_id>/result")
@bp.input(ResultQuery, location="query", arg_name="query")
@bp.doc(
    responses={
        302: "A URL that downloads the result for a while",
        409: "No result",
        415: "With inline=1: no JPEG, PNG, WebP or AVIF",
    }
)
def result(job_id: str, query: ResultQuery) -> BaseResponse:
    """Download the colour image: a redirect to storage, or the bytes with download=1.

    With ``inline=1`` they come for a page to show; with ``bytes`` only the first ones come.
    ``part`` names what else belongs to the job; the source is there before it has ended.
    """
    s = services()
    job = s.jobs.get(job_id)
    place, content_type = _part(job, query.part)
    if query.part == "source":
        # The job is the caller's, so its source is, whatever buckets the key reaches.
        app_services().access.check(place, Right.READ)
    if not (query.download or query.inline or query.bytes):
        url = s.storage.presign(place, content_type, "HEAD" if request.method == "HEAD" else "GET")
        return redirect(url, 302)
    try:
        opened = s.storage.stream(place, query.bytes)
    except SourceNotFound as error:
        raise ResultGone(f"{place} is not in storage; submit the job again") from error
    return _shown(place, opened) if query.inline else _sent(place, opened, content_type)


def _sent(place: ObjectRef, opened: Opened, content_type: str) -> Response:
    response = Response(opened.chunks, content_type=content_type)
    response.content_length = opened.length
    response.call_on_close(opened.chunks.close)
    response.headers["Content-Disposition"] = content_disposition("attachment", place.key)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _shown(place: ObjectRef, opened: Opened) -> Response:
    """Return an image as what its bytes say it is, so that it can never be a page.

    Raises:
        NotShown: it is none that every browser shows.
    """
    first = next(opened.chunks, b"")
    content_type = shown_as(first[:16])
    if content_type is None:
        opened.chunks.close()
        raise NotShown("browsers do not show images of this format; download it with download=1")
    response = _sent(place, opened, content_type)
    response.response = chain([first], opened.chunks)
    response.headers["Content-Disposition"] = content_disposition("inline", place.key)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = f"private, max-age={KEPT_SECONDS}"
    # Whoever signs in next in this browser is not shown what the last one was.
    response.vary.update(("Authorization", "Cookie"))
    if opened.etag:
        response.set_etag(opened.etag)
        response.make_conditional(request)
    return response


def _part(job: Job, part: Part) -> tuple[ObjectRef, str]:
    """Return the object of a job that was asked for, and its type.

    Raises:
        Conflict: there is no such object.
    """
    if part == "source":
        return job.source, ANY
    if job.skipped:
        raise Conflict(
            f"the job was skipped ({job.skipped}) and has no result; "
            'submit the photograph again with "on_color": "recolor" to colorize it anyway'
        )
    if job.state is not State.SUCCEEDED or job.destination is None or job.content_type is None:
        raise Conflict(f"the job is {job.state}; only a succeeded job has a result")
    parts = {"result": job.destination, "ambiguity": job.ambiguity_map}
    parts |= {f"variant-{n}": each.destination for n, each in enumerate(job.variants, 2)}
    place = parts.get(part)
    if place is None:
        raise Conflict(f"the job has no {part}; ask for it in the options")
    return place, "image/png" if part == "ambiguity" else job.content_type
