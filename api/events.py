"""``/v1/events`` and ``/v1/jobs/{id}/events``: changes as they happen."""

from collections.abc import Callable
from http import HTTPStatus

from apiflask import APIBlueprint
from flask import Response, request

from api.services import Services, services
from api.streams import Stream

bp = APIBlueprint("events", __name__, url_prefix="/v1", tag="Events")


@bp.get("/events")
@bp.doc(responses={200: "text/event-stream", 503: "Too many streams are open"})
def everything() -> Response:
    """Follow all jobs (Server-Sent Events); ``Last-Event-ID`` goes on where a stream was cut.

    Events are ``job.queued``, ``job.running``, ``job.succeeded``, ``job.failed`` and
    ``job.canceled``, each with what has changed; ``gap`` says that some are not kept any more.
    """
    return _stream(None)


@bp.get("/jobs/<job_id>/events")
@bp.doc(responses={200: "text/event-stream", 503: "Too many streams are open"})
def of_job(job_id: str) -> Response:
    """Follow one job to its end (Server-Sent Events).

    First comes ``snapshot``, the job as ``GET /v1/jobs/{id}`` has it; then ``job.running`` and so
    on, each with what has changed: ``id``, ``state``, ``attempt``, ``at``, and ``stage`` or
    ``error``. Whoever has seen the end and comes back is answered with 204.
    """
    return _stream(job_id)


def _key_opens(s: Services) -> Callable[[], bool]:
    """Return what tells whether the caller's key, and its session, are good by now."""
    key, session = s.caller.key, s.caller.session

    def ask() -> bool:
        known = key is None or s.keys.opens(key.id)
        return known and (session is None or s.keys.lasts(session))

    return ask


def _stream(job_id: str | None) -> Response:
    s = services()
    owner = s.caller.owner
    s.streams.take(owner)
    try:
        stream = Stream(s.events, s.jobs, s.streams, job_id, s.caller.sees, _key_opens(s))
        frames = stream.follow(request.headers.get("Last-Event-ID"))
    except BaseException:
        s.streams.give(owner)
        raise
    if frames is None:
        s.streams.give(owner)
        # The word at which a browser does not come back.
        return Response(status=HTTPStatus.NO_CONTENT)
    response = Response(frames, content_type="text/event-stream")
    response.call_on_close(lambda: s.streams.give(owner))
    response.headers["Cache-Control"] = "no-store"
    # Proxies of the nginx kind would hold events back.
    response.headers["X-Accel-Buffering"] = "no"
    return response
