"""Jobs: what one is, and the store in which every change of state is one Lua script."""

from core.jobs.idempotency import Idempotency
from core.jobs.records import Job, JobRequest, JobResult, Options, Problem, State, Timings
from core.jobs.store import JobStore

__all__ = [
    "Idempotency",
    "Job",
    "JobRequest",
    "JobResult",
    "JobStore",
    "Options",
    "Problem",
    "State",
    "Timings",
]
