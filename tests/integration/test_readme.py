"""The README's examples, run as written; only the address of the service differs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.integration.conftest import Service

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ADDRESS = "http://127.0.0.1:8000"


def _block(language: str) -> str:
    """Return the only code block in a language; ``sh`` is what `make test` has run already."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


@pytest.fixture
def folder(service: Service, tmp_path: Path) -> Path:
    """A folder in which the service is the one that ``tintype up`` started."""
    (tmp_path / ".tintype").symlink_to(service.data)
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    return tmp_path


def test_the_curl_example(service: Service, folder: Path) -> None:
    script = _block("bash")
    assert ADDRESS in script
    script = script.replace(ADDRESS, service.url)
    subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, check=True, timeout=120)
    with Image.open(folder / "cat.png") as image:
        assert (image.format, image.mode) == ("PNG", "RGB")


def test_the_python_example(service: Service, folder: Path) -> None:
    command, env = [sys.executable, "-c", _block("python")], {"TINTYPE_API": service.url}
    done = subprocess.run(
        command, cwd=folder, check=True, timeout=120, capture_output=True, text=True, env=env
    )
    assert done.stdout.startswith("succeeded")
    with Image.open(folder / "cat.png") as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
