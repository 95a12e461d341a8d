"""Jobs: what one is, and the store in which every change of state is one Lua script."""

from core.jobs.attempts import Attempt, Attempts, Limits
from core.jobs.idempotency import Idempotency
from core.jobs.makers import Maker
from core.jobs.options import Options
from core.jobs.records import (
    Job,
    JobRequest,
    JobResult,
    Priority,
    Problem,
    Skipped,
    Stage,
    State,
    Timings,
    Webhook,
    read_by,
)
from core.jobs.store import JobStore

__all__ = [
    "Attempt",
    "Attempts",
    "Idempotency",
    "Job",
    "JobRequest",
    "JobResult",
    "JobStore",
    "Limits",
    "Maker",
    "Options",
    "Priority",
    "Problem",
    "Skipped",
    "Stage",
    "State",
    "Timings",
    "Webhook",
    "read_by",
]
