"""Spans: what takes how long, as part of what. Nothing happens here until ``start`` was called."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol, Self

from core.errors import InvalidSetting
from core.settings import Settings
from core.tracing.context import TraceContext

Value = str | int | float | bool
Kind = Literal["internal", "server", "client", "producer", "consumer"]
MISSING = (
    "TINTYPE_OTEL is on and OpenTelemetry is not installed; install the extra: "
    "pip install 'tintype[otel]'"
)


class Span(Protocol):
    """A span that has begun."""

    @property
    def context(self) -> TraceContext | None:
        """What names it to others; None if nothing is traced."""
        ...

    def set(self, attributes: Mapping[str, Value]) -> None:
        """Say more about it."""
        ...

    def fail(self, code: str, detail: str = "") -> None:
        """Say that it went wrong, by a stable code."""
        ...


class Tracer(Protocol):
    """What makes spans."""

    def span(
        self,
        name: str,
        attributes: Mapping[str, Value] | None,
        kind: Kind,
        parent: TraceContext | None,
        links: Sequence[TraceContext],
        trace_id: str,
    ) -> AbstractContextManager[Span]:
        """Begin a span; see ``span`` of this module."""
        ...

    def current(self) -> TraceContext | None:
        """Return the span in hand of this thread."""
        ...

    def stop(self) -> None:
        """Send what is left, for some seconds at most."""
        ...


class _Nothing:
    """The span of a process that traces nothing."""

    context = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def set(self, _attributes: Mapping[str, Value]) -> None:
        pass

    def fail(self, _code: str, _detail: str = "") -> None:
        pass


NOTHING = _Nothing()
_tracer: Tracer | None = None


def check(settings: Settings) -> None:
    """Find out early whether ``start`` will work; safe before a fork.

    Raises:
        InvalidSetting: OpenTelemetry is not installed, or a variable of its own cannot work.
    """
    if settings.otel:
        try:
            from core.tracing.otel import check_variables
        except ImportError as error:
            raise InvalidSetting(MISSING) from error
        check_variables()


def start(settings: Settings, service: str) -> None:
    """Trace from now on, if the settings say so; in each process anew, after it was forked."""
    global _tracer  # noqa: PLW0603
    _tracer = None
    if settings.otel:
        from core.tracing.otel import OtelTracer

        _tracer = OtelTracer(service)


def stop() -> None:
    """Send what is left, for some seconds at most, and trace no more."""
    global _tracer
    tracer, _tracer = _tracer, None
    if tracer:
        tracer.stop()


def is_on() -> bool:
    """Whether anything is traced."""
    return _tracer is not None


def span(
    name: str,
    attributes: Mapping[str, Value] | None = None,
    *,
    kind: Kind = "internal",
    parent: TraceContext | None = None,
    links: Sequence[TraceContext] = (),
    trace_id: str = "",
) -> AbstractContextManager[Span]:
    """Return a block that is a span, below ``parent`` or else below the span in hand.

    Where there is neither, it begins a trace, ``trace_id`` if that is given. An exception that
    leaves the block fails the span, with the code that ours have.
    """
    if _tracer is None:
        return NOTHING
    return _tracer.span(name, attributes, kind, parent, links, trace_id)


def client_span(
    name: str, attributes: Mapping[str, Value] | None = None
) -> AbstractContextManager[Span]:
    """Return the span of a call to a server, if it is below another: no loop makes traces."""
    if _tracer is None or _tracer.current() is None:
        return NOTHING
    return _tracer.span(name, attributes, "client", None, (), "")


def current() -> TraceContext | None:
    """Return what names the span in hand; None if there is none."""
    return None if _tracer is None else _tracer.current()


def headers() -> dict[str, str]:
    """Return the headers that carry the span in hand elsewhere; none if nothing is traced."""
    found = current()
    return found.headers if found else {}
