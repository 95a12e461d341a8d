"""From a job's hash in Redis to its record."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from core.errors import TintypeError
from core.jobs.records import Job, State, Timings


def parse_job(job_id: str, fields: Mapping[str, str]) -> Job:
    """Rebuild a job from its hash.

    Raises:
        TintypeError: it is not as we write it.
    """
    try:
        return _rebuild(job_id, fields)
    except (ValueError, LookupError, TypeError, TintypeError) as error:
        raise TintypeError(f"the record of job {job_id} is damaged: {error}") from error


def moment(milliseconds: str | None) -> datetime | None:
    """Return a time that Redis has as milliseconds since the epoch."""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if milliseconds else None


def _rebuild(job_id: str, fields: Mapping[str, str]) -> Job:
    spec = json.loads(fields["spec"])
    result = json.loads(fields.get("result", "{}"))
    timings = result.pop("timings", {})
    if "started" in fields:
        timings["queued_ms"] = max(0, int(fields["started"]) - int(fields["created"]))
    return Job.model_validate(
        {
            "destination": None,
            **spec,
            **result,
            "id": job_id,
            "state": State(fields["state"]),
            "attempt": int(fields["attempt"]),
            "stage": fields.get("stage"),
            "worker": fields.get("worker"),
            "timings": Timings.model_validate(timings),
            "error": json.loads(fields["error"]) if "error" in fields else None,
            "created": moment(fields["created"]),
            "started": moment(fields.get("started")),
            "finished": moment(fields.get("finished")),
        }
    )
