from pathlib import Path

from click.testing import CliRunner
from PIL import Image

from benchmarks.hints import PICTURES, main


def test_hints_are_timed_and_shown(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["-o", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "20 hints: " in done.stdout
    assert "a reference: " in done.stdout
    with Image.open(tmp_path / "hints.jpg") as sheet:
        assert sheet.height == len(PICTURES) * (300 + 8)
