import subprocess
import sys
from collections.abc import Iterator

import pytest

from core import tracing
from core.errors import BrokenImage, InvalidSetting
from core.settings import Settings
from core.tracing import TraceContext, otel, spans
from tests.support.otlp import Collector, Told, collecting

ON = Settings(otel=True)
PARENT = TraceContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", state="vendor=1")
FRESH = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A process that traces, and where it sends its spans when it stops."""
    with collecting() as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        tracing.start(ON, "test")
        try:
            yield found
        finally:
            tracing.stop()


def told(collector: Collector) -> dict[str, Told]:
    tracing.stop()
    return {each.name: each for each in collector.spans}


def test_nothing_is_imported_where_it_is_off() -> None:
    program = (
        "import sys, api.app, worker.app, webhooks.service, cli.main, cli.http_server\n"
        "from core.settings import Settings\n"
        "from core import tracing\n"
        "tracing.check(Settings()); tracing.start(Settings(), 'test')\n"
        "with tracing.span('a', {'b': 1}, kind='server') as span:\n"
        "    span.set({'c': 2}); span.fail('broken')\n"
        "    assert (span.context, tracing.current(), tracing.headers()) == (None, None, {})\n"
        # redis-py looks for the rest, for metrics of its own.
        "ours = ('opentelemetry.sdk.trace', 'opentelemetry.exporter', 'core.tracing.otel')\n"
        "assert not [name for name in sys.modules if name.startswith(ours)]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_without_the_extra_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "core.tracing.otel")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(InvalidSetting, match=r"tintype\[otel\]"):
        tracing.check(ON)


def test_a_variable_that_cannot_work_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    tracing.check(ON)
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "-4")
    with pytest.raises(InvalidSetting, match="max_queue_size"):
        tracing.check(ON)


def test_spans_are_below_one_another_and_below_those_of_others(collector: Collector) -> None:
    with tracing.span("outer", {"n": 1}, kind="server", parent=PARENT) as outer:
        assert outer.context
        assert tracing.current() == outer.context
        assert tracing.headers() == {
            "traceparent": f"00-{PARENT.trace_id}-{outer.context.span_id}-01",
            "tracestate": "vendor=1",
        }
        with tracing.span("inner") as inner:
            inner.set({"x": "y"})
    assert tracing.current() is None
    found = told(collector)
    assert found["outer"].parent_id == PARENT.span_id
    assert found["inner"].parent_id == found["outer"].span_id
    assert {each.trace_id for each in found.values()} == {PARENT.trace_id}
    assert (found["outer"].kind, found["outer"].about) == ("server", {"n": 1})
    assert found["inner"].about == {"x": "y"}
    assert found["outer"].service == "tintype-test"


def test_a_trace_may_have_an_id_that_was_asked_for(collector: Collector) -> None:
    for name in ("first", "second"):
        with tracing.span(name, trace_id=FRESH, links=[PARENT]), tracing.span(f"{name} inner"):
            pass
    with tracing.span("third"):
        pass
    found = told(collector)
    assert found.pop("third").trace_id != FRESH
    assert {each.trace_id for each in found.values()} == {FRESH}
    assert found["first"].parent_id == found["second"].parent_id == ""
    assert found["first"].links == (PARENT.trace_id,)


def test_an_error_is_told_by_its_code_and_no_secret(collector: Collector) -> None:
    with pytest.raises(BrokenImage), tracing.span("ours"):
        raise BrokenImage("cut short at redis://ann:hush@host/0")
    with pytest.raises(RuntimeError), tracing.span("foreign"):
        raise RuntimeError("hush")
    found = told(collector)
    assert (found["ours"].failed, found["foreign"].failed) == (True, True)
    assert found["ours"].about == {"error.type": "broken_image"}
    assert found["ours"].detail == "cut short at redis://…@host/0"
    assert (found["foreign"].about, found["foreign"].detail) == ({"error.type": "RuntimeError"}, "")


def test_a_call_to_a_server_begins_no_trace(collector: Collector) -> None:
    with tracing.client_span("alone"):
        pass
    with tracing.span("outer"), tracing.client_span("below"):
        pass
    found = told(collector)
    assert set(found) == {"outer", "below"}
    assert found["below"].parent_id == found["outer"].span_id


def test_what_is_not_sampled_by_the_client_is_not_sent(collector: Collector) -> None:
    parent = TraceContext(PARENT.trace_id, PARENT.span_id, sampled=False)
    with tracing.span("unsampled", parent=parent) as span:
        assert span.context
        assert span.context.traceparent.endswith("-00")
    assert told(collector) == {}


def test_attributes_are_cut_short(collector: Collector) -> None:
    with tracing.span("long", {"key": "x" * 5000}):
        pass
    assert told(collector)["long"].about == {"key": "x" * otel.MOST_CHARACTERS}


def test_a_collector_that_is_away_holds_up_no_stop(
    monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setattr(otel, "STOP_SECONDS", 0.1)
    tracing.start(ON, "test")
    with tracing.span("lost"):
        pass
    tracing.stop()
    assert spans.is_on() is False
