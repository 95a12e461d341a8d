"""``tintype demo``, as `make demo` runs it, on fewer photographs."""

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from PIL import Image

from cli.stack.child import MARK
from tests.support.waiting import eventually

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    folder = tmp_path / "samples"
    folder.mkdir()
    for name in ("cameraman.jpg", "coffee.jpg"):
        shutil.copy(SAMPLES / name, folder)
    return folder


def _demo(samples: Path, output: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "cli.main", "demo", str(samples), "-o", str(output)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={"COLUMNS": "200", **env},
    )


def _left_running(output: Path) -> list[str]:
    """Processes that carry the mark of the demo's stack."""
    left = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(output / "stack"):
                left.append(process.name())
    return left


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


def test_it_stops_all_it_started_when_it_is_told_to_end(samples: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "demo", str(samples), "-o", str(tmp_path / "demo")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    eventually(lambda: _left_running(tmp_path / "demo"), what="the start of the stack")
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode != 0
    assert _left_running(tmp_path / "demo") == []


def test_it_takes_other_photographs_and_leaves_the_users_servers_alone(
    samples: Path, tmp_path: Path, closed_port: int
) -> None:
    (samples / "cameraman.jpg").unlink()
    nowhere = {
        "TINTYPE_REDIS_URL": f"redis://127.0.0.1:{closed_port}/0",
        "TINTYPE_BROKER_URL": f"redis://127.0.0.1:{closed_port}/1",
        "TINTYPE_REDIS_NAMESPACE": "production",
        "TINTYPE_QUEUES": "low",
        "TINTYPE_S3_ENDPOINT": f"http://127.0.0.1:{closed_port}",
        "TINTYPE_S3_PUBLIC_ENDPOINT": f"http://127.0.0.1:{closed_port}",
    }
    done = _demo(samples, tmp_path / "demo", **nowhere)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "coffee-12mp.jpg" in done.stdout
