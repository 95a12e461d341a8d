"""The one line at level info that a job has, whoever ends it."""

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from core.jobs.records import State

log = logging.getLogger(__name__)


def log_end(state: State | str, about: Mapping[str, Any]) -> None:
    """Log that a job has ended. Its id is in ``about``, or in the context of logs."""
    log.info("job ended", extra={"state": str(state), **about})


def log_swept(ended: Sequence[str]) -> None:
    """Log the ends of jobs whose workers died: for each its id, state, attempts and error."""
    for job_id, state, attempt, error in zip(*(ended[at::4] for at in range(4)), strict=True):
        about: dict[str, Any] = {"job_id": job_id, "attempt": int(attempt)}
        log_end(state, about | (json.loads(error) if error else {}))
