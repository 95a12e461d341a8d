import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tracing import TraceContext
from core.tracing.context import MOST_STATE

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{SPAN}-01"


def test_a_traceparent_is_read() -> None:
    assert TraceContext.of(GOOD) == TraceContext(TRACE, SPAN, sampled=True)
    assert TraceContext.of(f"00-{TRACE}-{SPAN}-00") == TraceContext(TRACE, SPAN, sampled=False)
    assert TraceContext.of(f"00-{TRACE}-{SPAN}-ff") == TraceContext(TRACE, SPAN, sampled=True)


def test_a_later_version_may_have_more_at_its_end() -> None:
    assert TraceContext.of(f"01-{TRACE}-{SPAN}-01-what-comes") == TraceContext(TRACE, SPAN)


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        5,
        [GOOD],
        "",
        GOOD[:-1],
        GOOD + "-",
        f"{GOOD}-00",
        f" {GOOD}",
        f"{GOOD}\n",
        f"{GOOD},{GOOD}",
        GOOD.upper(),
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-0g",
        f"00-{'٠' * 31}1-{SPAN}-01",
        f"01-{TRACE}-{SPAN}-01-{'x' * 300}",
        "x" * 100_000,
    ],
)
def test_a_damaged_traceparent_is_ignored(damaged: object) -> None:
    assert TraceContext.of(damaged, "vendor=1") is None


@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ("vendor=1", "vendor=1"),
        ("a=1 , 0tenant@b=x y,", "a=1,0tenant@b=x y"),
        ("a=1,a=2", ""),
        ("a", ""),
        ("A=1", ""),
        ("a=1\x1b[2J", ""),
        ("a=ü", ""),
        (",".join(f"k{number}=1" for number in range(33)), ""),
        ("a=" + "x" * 256, "a=" + "x" * 256),
        ("a=" + "x" * 257, ""),
        ("a=" + "x" * 250 + ",b=" + "x" * 250 + ",c=12345", ""),
    ],
)
def test_a_tracestate_is_taken_whole_or_not_at_all(state: str, kept: str) -> None:
    found = TraceContext.of(GOOD, state)
    assert found
    assert found.state == kept


@given(st.text(max_size=80) | st.from_regex(r"0[01]-[0-9a-f]{30,33}-[0-9a-f]{16}-.*"), st.text())
def test_whatever_comes_is_read_or_ignored_and_small(traceparent: str, tracestate: str) -> None:
    found = TraceContext.of(traceparent, tracestate)
    if found:
        assert len(found.text) <= 55 + 1 + MOST_STATE
        assert TraceContext.read(found.text) == found


def test_what_is_written_is_read_again() -> None:
    for context in (TraceContext(TRACE, SPAN), TraceContext(TRACE, SPAN, False, "a=1,b=x y")):
        assert TraceContext.read(context.text) == context
        assert TraceContext.of(**context.headers) == context
    assert TraceContext.read(None) is None
