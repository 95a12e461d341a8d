"""Spans by OpenTelemetry, sent as OTLP over HTTP; the only module that imports it.

Where to, how many and how often: the standard variables, such as OTEL_EXPORTER_OTLP_ENDPOINT and
OTEL_TRACES_SAMPLER.
"""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from threading import Thread

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from core.errors import InvalidSetting, TintypeError
from core.logs import redacted
from core.tracing.context import TraceContext
from core.tracing.spans import Kind, Value

STOP_SECONDS = 5.0
MOST_CHARACTERS = 1024
"""Of one attribute: keys of objects come from anybody."""
KINDS: Mapping[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_wanted: ContextVar[str] = ContextVar("wanted", default="")


def check_variables() -> None:
    """Find out whether the standard variables can be read.

    Raises:
        InvalidSetting: one has a value that cannot work.
    """
    try:
        OtelTracer("check").stop()
    except ValueError as error:
        raise InvalidSetting(f"a variable OTEL_… has a value that cannot work: {error}") from error


class _Ids(RandomIdGenerator):
    """Gives a new trace the id that was asked for."""

    def generate_trace_id(self) -> int:
        return int(_wanted.get() or "0", 16) or super().generate_trace_id()


class OtelSpan:
    """A span of OpenTelemetry."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def context(self) -> TraceContext:
        """See ``Span``."""
        return _named(self._span.get_span_context())

    def set(self, attributes: Mapping[str, Value]) -> None:
        """See ``Span``."""
        self._span.set_attributes(attributes)

    def fail(self, code: str, detail: str = "") -> None:
        """See ``Span``."""
        self._span.set_attribute("error.type", code)
        self._span.set_status(Status(StatusCode.ERROR, str(redacted(detail)) or None))


class OtelTracer:
    """Makes spans and sends them from a thread of its own, so it is made after any fork."""

    def __init__(self, service: str) -> None:
        about = {
            "service.name": f"tintype-{service}",
            "service.version": version("tintype"),
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
        self._provider = TracerProvider(
            # What the variables say comes before.
            resource=Resource.create()
            .merge(Resource(about))
            .merge(OTELResourceDetector().detect()),
            id_generator=_Ids(),
            span_limits=SpanLimits(max_attribute_length=MOST_CHARACTERS),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("tintype", version("tintype"))

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Mapping[str, Value] | None,
        kind: Kind,
        parent: TraceContext | None,
        links: Sequence[TraceContext],
        trace_id: str,
    ) -> Iterator[OtelSpan]:
        """See ``Tracer``."""
        token = _wanted.set(trace_id)
        try:
            started = self._tracer.start_span(
                name,
                context=_remote(parent) if parent else None,
                kind=KINDS[kind],
                attributes=attributes,
                links=[trace.Link(_span_context(link)) for link in links],
            )
        finally:
            _wanted.reset(token)
        with trace.use_span(
            started, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            own = OtelSpan(started)
            try:
                yield own
            except TintypeError as error:
                own.fail(error.code, str(error))
                raise
            except Exception as error:
                # What it says may be anything.
                own.fail(type(error).__name__)
                raise

    def current(self) -> TraceContext | None:
        """See ``Tracer``."""
        found = trace.get_current_span().get_span_context()
        return _named(found) if found.is_valid else None

    def stop(self) -> None:
        """See ``Tracer``."""
        thread = Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        thread.start()
        thread.join(STOP_SECONDS)


def _named(context: SpanContext) -> TraceContext:
    return TraceContext(
        trace.format_trace_id(context.trace_id),
        trace.format_span_id(context.span_id),
        context.trace_flags.sampled,
        context.trace_state.to_header(),
    )


def _remote(parent: TraceContext) -> Context:
    return trace.set_span_in_context(trace.NonRecordingSpan(_span_context(parent)))


def _span_context(named: TraceContext) -> SpanContext:
    return SpanContext(
        int(named.trace_id, 16),
        int(named.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED if named.sampled else TraceFlags.DEFAULT),
        trace_state=TraceState.from_header([named.state] if named.state else []),
    )
