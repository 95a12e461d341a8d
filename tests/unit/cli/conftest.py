"""Fixtures for commands."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.colorize import colorize
from tests.support.colorizing import Run
from tests.support.standin import write_standin


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network that is quick and knows nothing."""
    return write_standin(tmp_path_factory.mktemp("networks") / "stand-in")


@pytest.fixture
def run(network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``tintype colorize`` with that network, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def do(*arguments: str) -> Result:
        return CliRunner().invoke(colorize, [*arguments, "--model", str(network)])

    return do
