"""The one line at level info that a job has, whoever ends it."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from core.jobs.records import State
from core.tracing import TraceContext

SWEPT = ("state", "attempt", "error", "batch", "trace")
"""Fields of a job's record, in the order in which the sweep returns them."""
log = logging.getLogger(__name__)


def log_end(state: State | str, about: Mapping[str, Any]) -> None:
    """Log that a job has ended. Its id is in ``about``, or in the context of logs."""
    log.info("job ended", extra={"state": str(state), **about})


def log_swept(ended: Sequence[str]) -> None:
    """Log the ends of jobs whose workers died: for each its id, then what ``SWEPT`` names."""
    parts = 1 + len(SWEPT)
    for job_id, *values in zip(*(ended[at::parts] for at in range(parts)), strict=True):
        found = {name: value for name, value in zip(SWEPT, values, strict=True) if value}
        about: dict[str, Any] = {"job_id": job_id, "attempt": int(found["attempt"])}
        if "batch" in found:
            about["batch_id"] = found["batch"]
        if trace := TraceContext.read(found.get("trace")):
            about["trace_id"] = trace.trace_id
        log_end(found["state"], about | json.loads(found.get("error", "{}")))
