"""Reading a prototxt: protobuf's text format, as far as Caffe networks use it.

https://protobuf.dev/reference/protobuf/textformat-spec/
"""

import re
from typing import Union

from core.errors import ModelCorrupt

Value = Union[str, float, "Message"]
Message = dict[str, list[Value]]
"""The values of each field in their order; a number is a float, a word or a string a str."""

MAX_DEPTH = 20

_TOKEN = re.compile(
    r"""\s+ | \#[^\n]*                                # space and comments
    | (?P<string>"[^"\n]*"|'[^'\n]*')
    | (?P<number>[-+]?\.?\d[\w.+-]*)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<mark>[{}:;,])""",
    re.VERBOSE,
)


def parse(text: str) -> Message:
    """Parse a network's description.

    Raises:
        ModelCorrupt: it is not in protobuf's text format; the message says where.
    """
    tokens = _Tokens(text)
    return _fields(tokens)


class _Tokens:
    """Kind and text of each token, one ahead."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self.kind, self.value = "", ""
        self.advance()

    def advance(self) -> None:
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise self.error()
            self._at = match.end()
            if match.lastgroup:
                self.kind, self.value = match.lastgroup, match.group()
                return
        self.kind = self.value = ""

    def take(self, mark: str) -> bool:
        if self.kind != "mark" or self.value != mark:
            return False
        self.advance()
        return True

    def error(self) -> ModelCorrupt:
        line = self._text.count("\n", 0, self._at) + 1
        return ModelCorrupt(f"the prototxt cannot be read at line {line}")


def _fields(tokens: _Tokens, depth: int = 0) -> Message:
    """Read fields to the closing brace, or at depth 0 to the end."""
    if depth > MAX_DEPTH:
        raise ModelCorrupt(f"the prototxt is nested more than {MAX_DEPTH} deep")
    message: Message = {}
    while True:
        if depth and tokens.take("}"):
            return message
        if not tokens.kind and not depth:
            return message
        if tokens.kind != "word":
            raise tokens.error()
        name = tokens.value
        tokens.advance()
        message.setdefault(name, []).append(_value(tokens, depth))
        _ = tokens.take(";") or tokens.take(",")


def _value(tokens: _Tokens, depth: int) -> Value:
    colon = tokens.take(":")
    if tokens.take("{"):
        return _fields(tokens, depth + 1)
    if not colon or tokens.kind in {"", "mark"}:
        raise tokens.error()
    kind, value = tokens.kind, tokens.value
    tokens.advance()
    if kind == "number":
        try:
            return float(value.rstrip("f"))
        except ValueError:
            raise tokens.error() from None
    return value[1:-1] if kind == "string" else value
