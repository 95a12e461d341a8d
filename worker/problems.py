"""What went wrong with a job, as an error of ours: its kind decides whether to try again."""

from billiard.exceptions import SoftTimeLimitExceeded

from core.errors import AttemptError, JobTimeout, OutOfMemory, TintypeError
from core.jobs import Problem
from core.jobs.attempts import TIMED_OUT
from worker.images import is_out_of_memory


def as_ours(error: Exception) -> TintypeError:
    """Return our error for any; nothing of an unexpected one leaks but its type."""
    match error:
        case TintypeError():
            return error
        case SoftTimeLimitExceeded():
            return JobTimeout(TIMED_OUT.detail)
        case _ if is_out_of_memory(error):
            return OutOfMemory(
                "the image needs more memory than the worker has or may take; "
                "see TINTYPE_MAX_MEMORY"
            )
        case _:
            return AttemptError(
                f"unexpected {type(error).__name__}; the worker's log has the details"
            )


def as_problem(error: TintypeError) -> Problem:
    """Return what the job's record says about an error."""
    return Problem(code=error.code, detail=str(error))
