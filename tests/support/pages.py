"""The README and docs/ as tests see them: pages, and the blocks of code in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
COMMANDS = {"sh", "bash", "python"}
"""Languages of what a reader runs."""
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    page: str
    line: int
    language: str
    text: str

    @property
    def first(self) -> str:
        """Its first line, by which lists name it."""
        return self.text.partition("\n")[0]


def name_of(page: Path) -> str:
    """Return a page's path as it is written in links."""
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> Sequence[Block]:
    """Return all blocks of a page in their order."""
    text = page.read_text("utf-8")
    return [
        Block(
            name_of(page),
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            dedent(match["text"]),
        )
        for match in _FENCE.finditer(text)
    ]
