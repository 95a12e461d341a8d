"""A subject with nothing configured."""

from pathlib import Path

import pytest

from cli.doctor.subject import Subject
from core.settings import Settings
from tests.support.standin import write_standin


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network that is quick and knows nothing."""
    return write_standin(tmp_path_factory.mktemp("networks") / "stand-in")


@pytest.fixture
def subject(tmp_path: Path, closed_port: int) -> Subject:
    return Subject(Settings(), tmp_path, f"http://127.0.0.1:{closed_port}")
