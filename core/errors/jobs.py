"""Errors of jobs, batches and the queue."""

from core.errors.base import AttemptError, PermanentError, TransientError


class QueueUnavailable(TransientError):
    """Raised when Redis cannot be reached."""

    code = "queue_unavailable"


class QueueFull(TransientError):
    """Raised when so many jobs are queued that no more are accepted."""

    code = "queue_full"


class IdempotencyConflict(PermanentError):
    """Raised when an idempotency key comes again with another request."""

    code = "idempotency_conflict"


class NoLiveWorker(TransientError):
    """Raised when no worker has been heard from lately."""

    code = "no_live_worker"


class UnknownHost(PermanentError):
    """Raised when no worker is known on a host."""

    code = "unknown_host"


class DrainUnfinished(TransientError):
    """Raised when a host that is drained still works after the time that one has for it."""

    code = "drain_unfinished"


class JobNotFound(PermanentError):
    """Raised when no job has this id."""

    code = "job_not_found"


class BatchNotFound(PermanentError):
    """Raised when no batch has this id."""

    code = "batch_not_found"


class WrongState(PermanentError):
    """Raised when a job is asked for something that its state does not allow."""

    code = "wrong_state"


class NoDistribution(PermanentError):
    """Raised when a job has kept nothing that could be decoded again."""

    code = "no_distribution"


class DistributionMismatch(PermanentError):
    """Raised when a kept distribution is of another source or network, or damaged."""

    code = "distribution_mismatch"


class AttemptOver(PermanentError):
    """Raised in a worker when its job was canceled or given to another."""

    code = "attempt_over"


class AttemptCanceled(AttemptOver):
    """Raised in a worker when its job ends as canceled: it was too late to stop, and is not now."""

    code = "attempt_canceled"


class StepOver(PermanentError):
    """Raised in a worker when another one looks after its batch."""

    code = "step_over"


class JobTimeout(AttemptError):
    """Raised when a job works longer than its time limit."""

    code = "timeout"


class OutOfMemory(AttemptError):
    """Raised when an image needs more memory than the worker has."""

    code = "out_of_memory"


class InvalidManifest(PermanentError):
    """Raised when a manifest cannot be read, or has changed while it was read."""

    code = "invalid_manifest"


class InvalidRow(PermanentError):
    """Raised when a row of a manifest does not name a photograph."""

    code = "invalid_row"


class ReportDamaged(PermanentError):
    """Raised when a part of a batch's report is not as it was written."""

    code = "report_damaged"


class NotShown(PermanentError):
    """Raised when a browser cannot show an image that is asked for inline."""

    code = "not_shown"


class ResultGone(PermanentError):
    """Raised when the result of a succeeded job is no longer in storage."""

    code = "result_gone"


class InvalidCursor(PermanentError):
    """Raised when a page's cursor is not one that a listing returned."""

    code = "invalid_cursor"


class TooManyStreams(TransientError):
    """Raised when as many event streams are open as may be."""

    code = "too_many_streams"
