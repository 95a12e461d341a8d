"""Every block of commands in the README and in docs/ is run as written."""

from pathlib import Path

import pytest
from PIL import Image

from tests.integration.conftest import Service
from tests.integration.docs.not_here import NOT_HERE
from tests.integration.docs.story import told
from tests.support.pages import COMMANDS, PAGES, Block, blocks_of, name_of

NAMED = {(each.page, each.first_line) for each in NOT_HERE}
IMAGES = {".jpg", ".png", ".webp"}


def _commands(page: Path) -> list[Block]:
    blocks = [block for block in blocks_of(page) if block.language in COMMANDS]
    return [block for block in blocks if (block.page, block.first) not in NAMED]


TOLD = [page for page in PAGES if _commands(page)]


@pytest.mark.parametrize("page", TOLD, ids=name_of)
def test_a_page_does_what_it_says(page: Path, tmp_path: Path, service: Service) -> None:
    with told(tmp_path, service) as story:
        for block in _commands(page):
            story.run(block)
        for path in story.folder.rglob("*"):
            if path.suffix in IMAGES and ".tintype" not in path.parts:
                with Image.open(path) as image:
                    image.load()


def test_what_is_not_run_is_there_to_be_run() -> None:
    blocks = [(block.page, block.first) for page in PAGES for block in blocks_of(page)]
    assert len(NAMED) == len(NOT_HERE)
    assert {each: blocks.count(each) for each in NAMED} == dict.fromkeys(NAMED, 1)
