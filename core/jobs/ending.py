"""The one line at level info that a job has, whoever ends it."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from core.jobs.records import State
from core.tracing import TraceContext

Told = Sequence[str | None]
"""A job's id and what ``ABOUT`` names; None: it has none."""
ABOUT = ("state", "attempt", "error", "batch", "trace")
"""Fields of a job's record, in the order in which scripts return them."""
log = logging.getLogger(__name__)


def log_end(state: State | str, about: Mapping[str, Any]) -> None:
    """Log that a job has ended. Its id is in ``about``, or in the context of logs."""
    log.info("job ended", extra={"state": str(state), **about})


def log_ended(told: Told) -> None:
    """Log the end of a job whose record is all that is known of it."""
    found = {name: value for name, value in zip(("job_id", *ABOUT), told, strict=True) if value}
    about: dict[str, Any] = {"job_id": found["job_id"], "attempt": int(found["attempt"])}
    if "batch" in found:
        about["batch_id"] = found["batch"]
    if trace := TraceContext.read(found.get("trace")):
        about["trace_id"] = trace.trace_id
    log_end(found["state"], about | json.loads(found.get("error", "{}")))
