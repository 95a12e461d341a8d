"""From a job's hash in Redis to its record, and the result that is part of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from core import schema
from core.errors import TintypeError
from core.jobs.base import restored
from core.jobs.records import Job, JobResult, Problem, State, Timings

STAGES = tuple(name for name in Timings.model_fields if name != "queued_ms")
"""In the order in which a result keeps their milliseconds; new ones go to the end."""


def parse_job(job_id: str, fields: Mapping[str, str]) -> Job:
    """Rebuild a job from its hash.

    Raises:
        TintypeError: it is not as we write it.
    """
    try:
        return _rebuild(job_id, fields)
    except (ValueError, LookupError, TypeError, TintypeError) as error:
        raise TintypeError(f"the record of job {job_id} is damaged: {error}") from error


def write_result(result: JobResult) -> str:
    """Return what a job's hash keeps of a result: short, as there may be millions."""
    kept = result.model_dump(mode="json", exclude_defaults=True)
    timings = result.timings.model_dump()
    kept["timings"] = [timings[name] for name in STAGES]
    return json.dumps(kept, separators=(",", ":"))


def write_problem(problem: Problem, chroma: float | None) -> str:
    """Return what a job's hash keeps of an error, and of the chroma that led to it."""
    measured = {} if chroma is None else {"chroma": chroma}
    return json.dumps(problem.model_dump() | measured, separators=(",", ":"))


def write_review(job: Job, result: JobResult) -> str:
    """Return what a batch remembers of an ambiguous job; empty if it was not measured."""
    if job.batch is None or result.ambiguity is None:
        return ""
    kept = {
        "key": job.source.key,
        "result": result.destination.key,
        "ambiguity": result.ambiguity,
        "job": job.id,
    }
    return json.dumps(kept, separators=(",", ":"))


def moment(milliseconds: str | None) -> datetime | None:
    """Return a time that Redis has as milliseconds since the epoch."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None


def _rebuild(job_id: str, fields: Mapping[str, str]) -> Job:
    spec = json.loads(fields["spec"])
    result = json.loads(fields.get("result", "{}"))
    error = json.loads(fields["error"]) if "error" in fields else None
    if error and "chroma" in error:
        result["chroma"] = error.pop("chroma")
    timings = dict(zip(STAGES, result.pop("timings", ()), strict=False))
    if "started" in fields:
        timings["queued_ms"] = max(0, int(fields["started"]) - int(fields["created"]))
    waiting = json.loads(fields["waiting"]) if "waiting" in fields else None
    newer = schema.schema_of(fields) > schema.SCHEMA
    return restored(
        Job,
        {
            "destination": None,
            **spec,
            **result,
            "id": job_id,
            "state": State(fields["state"]),
            "attempt": int(fields["attempt"]),
            "batch": fields.get("batch"),
            "owner": fields.get("owner"),
            "stage": fields.get("stage"),
            "worker": fields.get("worker"),
            "timings": restored(Timings, timings),
            "waiting": waiting,
            "error": error,
            "created": moment(fields["created"]),
            "started": moment(fields.get("started")),
            "finished": moment(fields.get("finished")),
        },
        newer=newer,
    )
