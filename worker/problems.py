"""What a job's record says about an error."""

from billiard.exceptions import SoftTimeLimitExceeded

from core.errors import JobTimeout, OutOfMemory, TintypeError
from core.jobs.records import Problem
from worker.images import is_out_of_memory


def as_problem(error: Exception) -> Problem:
    """Return the code and a sentence; nothing of an unexpected error leaks but its type."""
    match error:
        case TintypeError():
            return Problem(code=error.code, detail=str(error))
        case SoftTimeLimitExceeded():
            return Problem(code=JobTimeout.code, detail="the job took longer than its time limit")
        case _ if is_out_of_memory(error):
            return Problem(
                code=OutOfMemory.code, detail="the image needs more memory than the worker has"
            )
        case _:
            return Problem(
                code=TintypeError.code,
                detail=f"unexpected {type(error).__name__}; the worker's log has the details",
            )
