"""What is logged and traced of each attempt: its span, its fields on every line, and one line."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

from core import logs, tracing
from core.broker import QUEUES, messaging
from core.jobs import Attempt, JobResult, Problem, Skipped, State
from core.jobs.ending import log_end
from core.jobs.traces import own_trace
from core.tracing import Span, TraceContext
from worker.native_output import OUTPUT

log = logging.getLogger(__name__)


class Observed:
    """An attempt in hand, and what came of it."""

    def __init__(self, attempt: Attempt, span: Span) -> None:
        self._attempt = attempt
        self._span = span
        self._began = perf_counter()

    def succeeded(self, result: JobResult, engine: str) -> None:
        """Tell the end of a job that has a result."""
        stages = result.timings.model_dump(exclude_none=True, exclude={"queued_ms"})
        about: dict[str, str | float | bool] = {
            "model": result.model.name,
            "engine": engine,
            "cached": result.cached,
            "megapixels": round(result.width * result.height / 1e6, 3),
        }
        self._span.set({f"tintype.{name}": value for name, value in about.items()})
        rounded = {name: round(ms, 1) for name, ms in stages.items()}
        self._tell(State.SUCCEEDED, {"stages": rounded, **about})

    def skipped(self, skipped: Skipped) -> None:
        """Tell the end of a job that needs no result."""
        megapixels = round(skipped.width * skipped.height / 1e6, 3)
        self._tell(State.SUCCEEDED, {"skipped": skipped.skipped, "megapixels": megapixels})

    def failed(self, problem: Problem) -> None:
        """Tell the end of a job that has failed for good."""
        self._span.fail(problem.code, problem.detail)
        self._tell(State.FAILED, {"code": problem.code, "detail": problem.detail})

    def given_back(self, problem: Problem) -> None:
        """Tell of an attempt that went wrong; another may do better."""
        self._span.fail(problem.code, problem.detail)
        log.warning("attempt failed", extra={"code": problem.code, "detail": problem.detail})

    def over(self, why: str) -> None:
        """Tell of an attempt that ended before its work: its job is another's, or canceled."""
        self._span.set({"tintype.over": why})
        log.warning("attempt over: %s", why)

    def canceled(self) -> None:
        """Tell the end of a job that someone canceled when it was too late to stop."""
        self._tell(State.CANCELED, {})

    def _tell(self, state: State, about: dict[str, Any]) -> None:
        self._span.set({"tintype.job.state": state})
        took = {
            "ms": round((perf_counter() - self._began) * 1e3, 1),
            "queued_ms": self._attempt.job.timings.queued_ms,
        }
        log_end(state, took | about)


@contextmanager
def observed(
    attempt: Attempt, sent: TraceContext | None, batch: TraceContext | None
) -> Iterator[Observed]:
    """Around an attempt: begin its span, and put its fields on every line.

    ``sent`` is what its message came from, ``batch`` what its batch came from.
    """
    job = attempt.job
    with ExitStack() as stack:
        queue = QUEUES[job.priority]
        about = messaging("process", job.id, queue) | {"tintype.job.attempt": attempt.token}
        parent = _parent(attempt.trace, sent)
        place: dict[str, Any] = {"parent": parent}
        if parent is None and tracing.is_on():
            place = {"trace_id": own_trace(job.id), "links": [batch] if batch else []}
        span = stack.enter_context(tracing.span("colorize", about, kind="consumer", **place))
        trace = span.context or attempt.trace
        fields: dict[str, Any] = {"attempt": attempt.token}
        fields |= {"batch_id": job.batch} if job.batch else {}
        fields |= {"trace_id": trace.trace_id} if trace else {}
        stack.enter_context(logs.context(**fields))
        stack.enter_context(OUTPUT.logged())
        yield Observed(attempt, span)


def _parent(made: TraceContext | None, sent: TraceContext | None) -> TraceContext | None:
    """Return the span that queued a job; if it is of another trace, the request that made it."""
    return sent if made and sent and sent.trace_id == made.trace_id else made
