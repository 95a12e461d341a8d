"""What is logged and traced of each try of a delivery."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core import logs, tracing
from core.errors import QueueUnavailable
from core.jobs.deliveries import Delivery, DeliveryState
from core.jobs.traces import Traces, own_trace
from core.tracing import Span, TraceContext
from webhooks.sender import Outcome


@contextmanager
def observed(delivery: Delivery, receiver: str, traces: Traces) -> Iterator[Span]:
    """Begin the span of a try, and put what it is about on every line."""
    ids = {"delivery_id": delivery.id, "job_id": delivery.job, "batch_id": delivery.batch}
    about = {"http.request.method": "POST", "server.address": receiver}
    about |= {f"tintype.{name.replace('_', '.')}": value for name, value in ids.items() if value}
    parent = _parent(delivery, traces)
    own = own_trace(delivery.job) if tracing.is_on() and delivery.job and not parent else ""
    with tracing.span("POST webhook", about, kind="client", parent=parent, trace_id=own) as span:
        trace = span.context
        traced = {"trace_id": trace.trace_id} if trace else {}
        known = {name: value for name, value in ids.items() if value}
        with logs.context(receiver=receiver, **known, **traced):
            yield span


def tell(span: Span, outcome: Outcome) -> None:
    """Put what came of a try on its span."""
    attempt = outcome.attempt
    if attempt.status:
        span.set({"http.response.status_code": attempt.status})
    if outcome.state is not DeliveryState.DELIVERED:
        span.fail(str(attempt.status or "webhook_unreachable"), attempt.error or "")


def _parent(delivery: Delivery, traces: Traces) -> TraceContext | None:
    with suppress(QueueUnavailable):
        return traces.of_job(delivery.job) if delivery.job else traces.of_batch(delivery.batch)
    return None
