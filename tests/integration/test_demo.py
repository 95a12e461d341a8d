"""``tintype demo``, as `make demo` runs it, on fewer photographs."""

import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples"
    folder.mkdir()
    for name in ("cameraman.jpg", "coffee.jpg"):
        shutil.copy(SAMPLES / name, folder)
    return folder


def _demo(samples: Path, output: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cli.main", "demo", str(samples), "-o", str(output)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, check=False, env={"COLUMNS": "200"}
    )


def _left_running(output: Path) -> list[str]:
    mark = str(output / "stack")
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if any(mark in word for word in process.info["cmdline"] or [])
    ]


def test_it_shows_every_photograph_and_stops_all_it_started(samples: Path, tmp_path: Path) -> None:
    output = tmp_path / "demo"
    done = _demo(samples, output)
    assert done.returncode == 0, done.stdout + done.stderr
    for heading in ("photo", "size", "queued ms", "run ms", "result key"):
        assert heading in done.stdout
    for name, size in (("cameraman-12mp.jpg", "4000 x 3000"), ("coffee.jpg", "600 x 400")):
        line = next(line for line in done.stdout.splitlines() if name in line)
        assert size in line
        assert f"colorized/samples/{name.removesuffix('.jpg')}." in line
    with Image.open(output / "contact-sheet.png") as sheet:
        assert sheet.width > 1000
    assert _left_running(output) == []


def test_a_failed_job_is_told_with_its_reason(samples: Path, tmp_path: Path) -> None:
    (samples / "broken.jpg").write_bytes((samples / "coffee.jpg").read_bytes()[:5000])
    done = _demo(samples, tmp_path / "demo")
    assert done.returncode == 1
    assert "broken.jpg: broken_image: " in done.stdout
    assert (tmp_path / "demo" / "contact-sheet.png").is_file()
    assert _left_running(tmp_path / "demo") == []
