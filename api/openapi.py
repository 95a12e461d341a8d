"""What the OpenAPI document says beyond what the views' decorators know."""

from typing import Any

from pydantic.json_schema import models_json_schema

from api.auth.sessions import SignIn
from api.openapi_security import add_security
from api.problems import CONTENT_TYPE
from api.schemas import ProblemDocument, Redecode, RetryFilter
from api.stats import MOST_IDS
from api.upload_schemas import UploadedParts, UploadRequest
from core.batches import BatchRequest
from core.jobs import JobRequest

_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "wait=N: answer when it has ended, after N seconds (at most 60) anyway",
    "schema": {"type": "string", "examples": ["wait=20"]},
}
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the same request with the same key, within 24 hours, makes no second one",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_TEXT = {"type": "string"}
_LAST_EVENT = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "id of the last event seen: the stream goes on after it, without a gap",
    "schema": {"type": "string", "pattern": "^[0-9]+-[0-9]+$"},
}
_EVENT = {
    "type": "object",
    "description": "one event of the stream; its data is JSON",
    "properties": {"id": _TEXT, "event": _TEXT, "data": _TEXT},
}
JSON = "application/json"
_REFUSALS = {
    "413": "The body is too large",
    "415": "Neither JSON nor a form",
    "422": "Something in it cannot be; or the Idempotency-Key came with another request",
    "429": "As many jobs wait as may",
    "503": "Redis, or for a file storage, is away; send it again with the same Idempotency-Key",
}
_EVENT_REFUSALS = {
    "400": "Not a JSON object",
    "401": "The secret is missing or wrong, or the signature is not of a listed topic",
    "404": "Bucket events are off",
    "413": "The body has more than 1 MiB, or more than 1,000 records",
    "422": "A message of nobody that is known",
    "503": "Redis is away, or as many jobs wait as may; send the whole message again",
}
_JOB_IDS = {
    "name": "id",
    "in": "query",
    "required": True,
    "description": "of a job; as often as needed",
    "schema": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_IDS},
}
_REF = "#/components/schemas/{model}"


def complete(spec: Any) -> Any:
    """Add the bodies of requests, headers, and the problem document that any call may answer."""
    _, extra = models_json_schema(
        [
            (JobRequest, "validation"),
            (BatchRequest, "validation"),
            (RetryFilter, "validation"),
            (Redecode, "validation"),
            (UploadRequest, "validation"),
            (UploadedParts, "validation"),
            (SignIn, "validation"),
            (ProblemDocument, "serialization"),
        ],
        ref_template=_REF,
    )
    spec.setdefault("components", {}).setdefault("schemas", {}).update(extra["$defs"])
    paths = spec["paths"]
    for add in (_add_jobs, _add_batches, _add_uploads, _add_events, _add_streams, _add_downloads):
        add(paths)
    paths["/v1/queue"]["get"].setdefault("parameters", []).append(_JOB_IDS)
    _add_sessions(paths)
    add_security(spec)
    _add_problems(spec)
    return spec


def _add_jobs(paths: Any) -> None:
    submit = paths["/v1/jobs"]["post"]
    _add_order(submit, _job_bodies(), "job")
    submit["responses"] |= {status: {"description": text} for status, text in _REFUSALS.items()}
    submit["responses"]["429"]["headers"] = {"Retry-After": _header("Seconds to wait")}
    paths["/v1/jobs/{job_id}"]["get"].setdefault("parameters", []).append(_PREFER)
    cancel = paths["/v1/jobs/{job_id}/cancel"]["post"]["responses"]
    cancel["202"]["content"] = cancel["200"]["content"]
    again = paths["/v1/jobs/{job_id}/redecode"]["post"]
    schema = {"schema": {"$ref": _REF.format(model="Redecode")}}
    _add_order(again, {JSON: schema}, "job")
    again["responses"] |= {status: {"description": text} for status, text in _REFUSALS.items()}
    retry = {"schema": {"$ref": _REF.format(model="RetryFilter")}}
    paths["/v1/jobs/retry"]["post"]["requestBody"] = {"content": {JSON: retry}}


def _add_batches(paths: Any) -> None:
    submit = paths["/v1/batches"]["post"]
    schema = {"schema": {"$ref": _REF.format(model="BatchRequest")}}
    _add_order(submit, {JSON: schema}, "batch")
    submit["responses"]["403"] = {"description": "A bucket or prefix that may not be used"}
    submit["responses"]["422"] = {"description": _REFUSALS["422"]}
    submit["responses"]["429"] = {"description": "As many batches are at work as may be"}
    paths["/v1/batches/{batch_id}"]["get"].setdefault("parameters", []).append(_PREFER)


def _add_order(submit: Any, content: Any, what: str) -> None:
    """Describe what the orders of jobs and of batches have in common."""
    submit["requestBody"] = {"required": True, "content": content}
    submit.setdefault("parameters", []).extend((_PREFER, _IDEMPOTENCY))
    submit["responses"]["202"]["headers"] = {"Location": _header(f"Where the {what} is")}
    ended = {"description": f"The ended {what}"}
    submit["responses"]["200"] = submit["responses"]["202"] | ended


def _add_sessions(paths: Any) -> None:
    sign_in = paths["/v1/session"]["post"]
    schema = {"$ref": _REF.format(model="SignIn")}
    sign_in["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    sign_in["responses"]["401"] = {"description": "The key is unknown, revoked or expired"}
    sign_in["responses"]["200"]["headers"] = {"Set-Cookie": _header("tintype_session, HttpOnly")}


def _add_streams(paths: Any) -> None:
    for path in ("/v1/events", "/v1/jobs/{job_id}/events"):
        stream = paths[path]["get"]
        stream.setdefault("parameters", []).append(_LAST_EVENT)
        stream["responses"]["200"]["content"] = {"text/event-stream": {"schema": _EVENT}}


def _add_downloads(paths: Any) -> None:
    image = {"image/*": {"schema": {"type": "string", "format": "binary"}}}
    paths["/metrics"]["get"]["responses"]["200"]["content"] = {"text/plain": {"schema": _TEXT}}
    report = {"text/csv": {"schema": _TEXT}, JSON: {"schema": {"type": "object"}}}
    for path, content in (
        ("/v1/jobs/{job_id}/result", image),
        ("/v1/batches/{batch_id}/report", report),
    ):
        responses = paths[path]["get"]["responses"]
        responses["200"] = {
            "description": "When the bytes are asked for",
            "content": content,
        }
        responses["302"].pop("content", None)


def _add_problems(spec: Any) -> None:
    error = {"schema": {"$ref": _REF.format(model="ProblemDocument")}}
    for path in spec["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {"description": "A problem (RFC 9457)"}
            for status, response in operation["responses"].items():
                if not status.startswith(("2", "3")):
                    response["content"] = {CONTENT_TYPE: error}
    spec["components"]["schemas"].pop("HTTPError", None)


def _add_uploads(paths: Any) -> None:
    create = paths["/v1/uploads"]["post"]
    complete = paths["/v1/uploads/{upload_id}/complete"]["post"]
    for operation, model in ((create, "UploadRequest"), (complete, "UploadedParts")):
        schema = {"$ref": _REF.format(model=model)}
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
        operation["responses"]["422"] = {"description": "Something in it cannot be"}
    create["responses"]["201"]["headers"] = {"Location": _header("Where the upload is")}
    create["responses"]["413"] = {"description": "The file would be too large"}


def _add_events(paths: Any) -> None:
    """Say that any JSON object is taken: each sender has a form of its own."""
    receive = paths["/v1/hooks/s3"]["post"]
    receive["requestBody"] = {"required": True, "content": {JSON: {"schema": {"type": "object"}}}}
    receive["responses"] |= {status: {"description": it} for status, it in _EVENT_REFUSALS.items()}
    receive["responses"]["503"]["headers"] = {"Retry-After": _header("Seconds to wait")}
    receive["responses"]["401"]["headers"] = {"WWW-Authenticate": _header("Basic")}


def _job_bodies() -> dict[str, Any]:
    def as_json(model: str) -> dict[str, Any]:
        schema = {"$ref": _REF.format(model=model)}
        return {"type": "string", "contentMediaType": JSON, "contentSchema": schema}

    form = {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "destination": as_json("ObjectRef"),
            "options": as_json("Options"),
            "priority": {"$ref": _REF.format(model="Priority")},
            "webhook": as_json("Webhook"),
        },
    }
    return {
        JSON: {"schema": {"$ref": _REF.format(model="JobRequest")}},
        "multipart/form-data": {"schema": form},
    }


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}
