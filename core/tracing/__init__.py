"""Traces (OpenTelemetry): off unless ``TINTYPE_OTEL`` is set, and then the extra ``otel``."""

from core.tracing.context import TraceContext
from core.tracing.spans import (
    NOTHING,
    Span,
    check,
    client_span,
    current,
    headers,
    is_on,
    span,
    start,
    stop,
)

__all__ = [
    "NOTHING",
    "Span",
    "TraceContext",
    "check",
    "client_span",
    "current",
    "headers",
    "is_on",
    "span",
    "start",
    "stop",
]
