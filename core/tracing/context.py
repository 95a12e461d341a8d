"""W3C Trace Context (level 1): which span of which trace a request, a message or a job comes from.

https://www.w3.org/TR/trace-context/. What others send is taken only if it is exactly as that says.
"""

import re
from dataclasses import dataclass
from typing import Self

TRACEPARENT = re.compile(
    r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[\x20-\x7e]{0,200})?"
)
MOST_STATE = 512
"""Characters of ``tracestate``; a longer one is dropped, as the standard allows."""
MOST_MEMBERS = 32
_KEY = r"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
_VALUE = r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_MEMBER = re.compile(f"{_KEY}={_VALUE}")
_SAMPLED = 1


@dataclass(frozen=True)
class TraceContext:
    """One span, as it is named to others."""

    trace_id: str
    """32 hexadecimal digits, not all 0."""
    span_id: str
    """16 hexadecimal digits, not all 0."""
    sampled: bool = True
    """Whether its trace is kept."""
    state: str = ""
    """``tracestate``: what other tracing systems add, at most ``MOST_STATE`` characters."""

    @classmethod
    def of(cls, traceparent: object, tracestate: object = None) -> Self | None:
        """Read two headers; None if the first is missing or damaged, or no text.

        A damaged ``tracestate`` is dropped alone.
        """
        found = TRACEPARENT.fullmatch(_text(traceparent))
        if not found:
            return None
        version, trace_id, span_id, flags, more = found.groups()
        if (
            version == "ff"
            or (version == "00" and more)
            or not (int(trace_id, 16) and int(span_id, 16))
        ):
            return None
        return cls(trace_id, span_id, bool(int(flags, 16) & _SAMPLED), _checked(_text(tracestate)))

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """Return what was written as ``text``; None if that is missing or damaged."""
        traceparent, _, tracestate = (text or "").partition(" ")
        return cls.of(traceparent, tracestate)

    @property
    def traceparent(self) -> str:
        """The header of this name."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"

    @property
    def text(self) -> str:
        """Both headers in one, at most 568 characters, as a record keeps them."""
        return f"{self.traceparent} {self.state}".strip()

    @property
    def headers(self) -> dict[str, str]:
        """Both headers, or the first alone if there is nothing in the other."""
        state = {"tracestate": self.state} if self.state else {}
        return {"traceparent": self.traceparent, **state}


def _text(header: object) -> str:
    return header if isinstance(header, str) else ""


def _checked(tracestate: str) -> str:
    if len(tracestate) > MOST_STATE:
        return ""
    members = [part.strip(" \t") for part in tracestate.split(",")]
    members = [member for member in members if member]
    keys = {member.partition("=")[0] for member in members}
    if len(keys) < len(members) or len(members) > MOST_MEMBERS:
        return ""
    return ",".join(members) if all(map(_MEMBER.fullmatch, members)) else ""
