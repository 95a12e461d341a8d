"""The documentation hangs together."""

import re
from pathlib import Path

import pytest

from api.app import create_app
from core.settings import Settings
from tests.support.pages import COMMANDS, PAGES, ROOT, Block, blocks_of, name_of

LINK = re.compile(r"\]\(([^)\s]+)\)")
DATA = {"csv", "json", "text", "toml", "yaml"}
"""Languages of what a reader only looks at."""
INDEX = ROOT / "docs" / "README.md"


def _links(page: Path) -> list[str]:
    """Return the relative links of a page, without what stands in code."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    return [link for link in LINK.findall(text) if "://" not in link and link[0] != "#"]


def _targets(page: Path) -> set[Path]:
    return {(page.parent / link.partition("#")[0]).resolve() for link in _links(page)}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    assert [str(target) for target in _targets(page) if not target.exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_to_headings_lead_to_headings(page: Path) -> None:
    lost = []
    for link in _links(page):
        path, _, heading = link.partition("#")
        if heading and heading not in _headings((page.parent / path).resolve()):
            lost.append(link)
    assert lost == []


def _headings(page: Path) -> set[str]:
    """Return the anchors that hosts of repositories make of headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in found)
    return {heading.replace(" ", "-") for heading in plain}


def test_the_index_has_every_page() -> None:
    pages = {page for page in PAGES if page not in (INDEX, ROOT / "README.md")}
    assert {name_of(page) for page in pages - _targets(INDEX)} == set()
    assert INDEX in _targets(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_are_commands_or_data(page: Path) -> None:
    other = {(block.line, block.language) for block in blocks_of(page)}
    assert {each for each in other if each[1] not in COMMANDS | DATA} == set()
    assert sum(block.text.count("```") for block in blocks_of(page)) == 0


def test_the_page_about_http_has_every_call_with_both_examples() -> None:
    document = create_app(Settings()).test_client().get("/openapi.json").json
    assert document
    calls = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert set(_calls()) == calls
    for call, blocks in _calls().items():
        path = call.partition(" ")[2]
        assert [block.language for block in blocks] == ["bash", "python"], call
        assert re.search(re.sub(r"\{\w+\}", r'["$\\w{}]+', path), blocks[0].text), call


def _calls() -> dict[str, list[Block]]:
    """Return the headings that name a call, with the blocks below; neighbours share them."""
    page = ROOT / "docs" / "http.md"
    lines = page.read_text("utf-8").splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line.startswith("#")]
    found: dict[str, list[Block]] = {}
    blocks: list[Block] = []
    for start, end in reversed(list(zip(starts, [*starts[1:], len(lines) + 1], strict=True))):
        below = [block for block in blocks_of(page) if start < block.line < end]
        blocks = below or blocks
        if match := re.fullmatch(r"### ([A-Z]+ /\S+)", lines[start - 1]):
            found[match[1]] = blocks
    return found
