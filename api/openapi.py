"""What the OpenAPI document says beyond what the views' decorators know."""

from typing import Any

from pydantic.json_schema import models_json_schema

from api.problems import CONTENT_TYPE
from api.schemas import ProblemDocument
from core.jobs import JobRequest

_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "wait=N: answer when the job has ended, after N seconds (at most 60) anyway",
    "schema": {"type": "string", "examples": ["wait=20"]},
}
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the same request with the same key, within 24 hours, makes no second job",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_TEXT = {"type": "string"}
_LAST_EVENT = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "id of the last event seen: the stream goes on after it, without a gap",
    "schema": {"type": "string", "pattern": "^[0-9]+-[0-9]+$"},
}
_REF = "#/components/schemas/{model}"


def complete(spec: Any) -> Any:
    """Add the body of ``POST /v1/jobs`` and the problem document that any call may answer."""
    _, extra = models_json_schema(
        [(JobRequest, "validation"), (ProblemDocument, "serialization")], ref_template=_REF
    )
    spec.setdefault("components", {}).setdefault("schemas", {}).update(extra["$defs"])
    submit = spec["paths"]["/v1/jobs"]["post"]
    submit["requestBody"] = {"required": True, "content": _job_bodies()}
    for operation in (submit, spec["paths"]["/v1/jobs/{job_id}"]["get"]):
        operation.setdefault("parameters", []).append(_PREFER)
    submit["parameters"].append(_IDEMPOTENCY)
    submit["responses"]["200"] = submit["responses"]["202"] | {"description": "The ended job"}
    for path in ("/v1/events", "/v1/jobs/{job_id}/events"):
        stream = spec["paths"][path]["get"]
        stream.setdefault("parameters", []).append(_LAST_EVENT)
        stream["responses"]["200"]["content"] = {"text/event-stream": {"schema": _TEXT}}
    result = spec["paths"]["/v1/jobs/{job_id}/result"]["get"]
    result["responses"]["200"] = {
        "description": "With download=1: the image",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
    result["responses"]["302"].pop("content", None)
    error = {"schema": {"$ref": _REF.format(model="ProblemDocument")}}
    for path in spec["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = {"description": "A problem (RFC 9457)"}
            for status, response in operation["responses"].items():
                if not status.startswith(("2", "3")):
                    response["content"] = {CONTENT_TYPE: error}
    spec["components"]["schemas"].pop("HTTPError", None)
    return spec


def _job_bodies() -> dict[str, Any]:
    as_json = {"type": "string", "contentMediaType": "application/json"}
    form = {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "destination": as_json,
            "options": as_json,
            "priority": {"$ref": _REF.format(model="Priority")},
            "webhook": as_json,
        },
    }
    return {
        "application/json": {"schema": {"$ref": _REF.format(model="JobRequest")}},
        "multipart/form-data": {"schema": form},
    }
