"""Every option can be given everywhere, and is described."""

from pathlib import Path

import pytest

from cli.batch import batch
from cli.colorize import colorize
from cli.redecode import redecode
from cli.submit import submit
from core.jobs import Options

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "options.md").read_text()
ELSEWHERE = {"force"}
"""What has no meaning without storage."""


@pytest.mark.parametrize("option", Options.model_fields)
def test_an_option_is_a_flag_of_each_command_and_in_the_docs(option: str) -> None:
    for command in (submit, batch, redecode):
        assert option in {param.name for param in command.params}
    if option not in ELSEWHERE:
        assert option in {param.name for param in colorize.params}
    assert f"`{option}`" in PAGE


def test_every_picture_of_the_page_is_there() -> None:
    named = {line.split("(")[1].rstrip(")") for line in PAGE.splitlines() if line.startswith("![")}
    assert named == {f"options/{file.name}" for file in (DOCS / "options").glob("*.jpg")}
