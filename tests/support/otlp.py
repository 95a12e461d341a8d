"""A receiver of traces: OTLP over HTTP, as a collector is."""

import gzip
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

Value = str | int | float | bool
ERROR = 2
KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


@dataclass(frozen=True)
class Told:
    """A span as it came."""

    service: str
    trace_id: str
    span_id: str
    parent_id: str
    """Empty: it has none."""
    kind: str
    name: str
    about: Mapping[str, Value]
    failed: bool
    detail: str
    links: tuple[str, ...]
    """Trace ids."""


@dataclass
class Collector:
    """All spans so far."""

    url: str = ""
    spans: list[Told] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What sends spans here, soon."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def of(self, trace_id: str, name: str | None = None) -> list[Told]:
        """The spans of a trace, in the order in which they ended."""
        found = [each for each in [*self.spans] if each.trace_id == trace_id]
        return [each for each in found if name in (None, each.name)]


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a receiver on loopback."""
    collector = Collector()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(collector))
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.spans += _read(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _read(request: ExportTraceServiceRequest) -> Iterator[Told]:
    for resource in request.resource_spans:
        service = str(_about(resource.resource.attributes)["service.name"])
        for scope in resource.scope_spans:
            yield from (_told(service, each) for each in scope.spans)


def _told(service: str, span: ProtoSpan) -> Told:
    return Told(
        service=service,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        kind=KINDS[span.kind],
        name=span.name,
        about=_about(span.attributes),
        failed=span.status.code == ERROR,
        detail=span.status.message,
        links=tuple(link.trace_id.hex() for link in span.links),
    )


def _about(attributes: Iterable[KeyValue]) -> dict[str, Value]:
    return {
        each.key: getattr(each.value, str(each.value.WhichOneof("value"))) for each in attributes
    }
