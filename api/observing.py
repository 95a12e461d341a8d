"""What is logged and traced of each request: one line, one span, and an id that the client sees."""

import logging
import re
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter

from apiflask import APIFlask
from flask import Request, Response, g, request
from uuid_utils import uuid7

from core import logs, tracing
from core.tracing import Span, TraceContext

log = logging.getLogger(__name__)
HEADER = "X-Request-ID"
_HARMLESS = re.compile(r"[A-Za-z0-9._~+/=:-]{1,128}")
_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
QUIET = ("health.", "metrics.")
"""Endpoints that machines ask all the time: their lines are for debugging."""


@dataclass(frozen=True)
class Observed:
    """A request in hand."""

    request_id: str
    trace: TraceContext | None
    """What jobs that it makes are part of: its span, or else the client's."""
    span: Span
    began: float
    leaving: ExitStack


def register(app: APIFlask) -> None:
    """Have every request observed, from before all else until its answer begins."""
    app.before_request(_begin)
    app.after_request(_tell)
    app.teardown_request(_end)


def trace_text() -> str:
    """Return what a record keeps of the trace that this request is part of; empty: of none."""
    observed: Observed | None = g.get("observed")
    return observed.trace.text if observed and observed.trace else ""


def _begin() -> None:
    theirs = TraceContext.of(request.headers.get("traceparent"), request.headers.get("tracestate"))
    request_id = _request_id(request)
    leaving = ExitStack()
    span = leaving.enter_context(_span(request, theirs))
    trace = span.context or theirs
    ids = {name: value for name, value in (request.view_args or {}).items() if _is_id(name, value)}
    traced = {"trace_id": trace.trace_id} if trace else {}
    logs.forget()
    leaving.callback(logs.forget)
    logs.bind(request_id=request_id, **traced, **ids)
    g.observed = Observed(request_id, trace, span, perf_counter(), leaving)


def _tell(response: Response) -> Response:
    observed: Observed = g.observed
    status, code = response.status_code, getattr(response, "problem_code", "")
    said: dict[str, str | int | float] = {
        "method": request.method,
        "route": _route(request) or "none",
        "status": status,
        "ms": round((perf_counter() - observed.began) * 1e3, 1),
    }
    if code:
        said["code"] = code
    log.log(logging.DEBUG if _is_quiet(request) else logging.INFO, "request", extra=said)
    observed.span.set({"http.response.status_code": status})
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        observed.span.fail(code or str(status))
    response.headers[HEADER] = observed.request_id
    return response


def _end(_error: BaseException | None) -> None:
    if observed := g.pop("observed", None):
        observed.leaving.close()


def _request_id(request: Request) -> str:
    """Return the client's own id if it can do no harm, else a new one."""
    theirs = request.headers.get(HEADER, "")
    return theirs if _HARMLESS.fullmatch(theirs) else str(uuid7())


def _route(request: Request) -> str:
    """Return the pattern that the path fits; empty if it leads nowhere."""
    return request.url_rule.rule if request.url_rule else ""


def _span(request: Request, theirs: TraceContext | None) -> AbstractContextManager[Span]:
    """Return the span of a request, below that of the client; of a probe, one that is none."""
    if not tracing.is_on() or _is_quiet(request):
        return tracing.NOTHING
    name = f"{request.method} {_route(request)}".strip()
    return tracing.span(name, _about(request), kind="server", parent=theirs)


def _about(request: Request) -> dict[str, str]:
    """Return attributes by OpenTelemetry's semantic conventions for HTTP servers."""
    about = {
        "http.request.method": request.method,
        "url.scheme": request.scheme,
        "url.path": request.path,
        "server.address": re.sub(r":\d+$", "", request.host),
    }
    return about | ({"http.route": _route(request)} if request.url_rule else {})


def _is_quiet(request: Request) -> bool:
    return (request.endpoint or "").startswith(QUIET)


def _is_id(name: str, value: object) -> bool:
    return name in ("job_id", "batch_id") and bool(_ID.fullmatch(str(value)))
