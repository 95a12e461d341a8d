"""``tintype submit``, ``batch``, ``watch`` and ``report`` against the whole service."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from cli.main import cli
from tests.integration.conftest import Service
from tests.support.images import encoded, gradient


@pytest.fixture(autouse=True)
def where_the_service_was_started(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".tintype").symlink_to(service.data)
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)


def test_files_go_and_results_come() -> None:
    for number in range(2):
        Path(f"{number}.jpg").write_bytes(encoded(gradient(seed=number)))
    Path("broken.jpg").write_bytes(b"no image")
    done = run("submit", "0.jpg", "broken.jpg", "1.jpg", "none.jpg", "-o", "out", "--format", "png")
    assert done.exit_code == 1
    assert {path.name for path in Path("out").iterdir()} == {"0.png", "1.png"}
    with Image.open("out/1.png") as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
    assert "broken.jpg: unsupported_format: " in done.stderr
    assert "none.jpg: file_error: " in done.stderr


def test_what_is_in_colour_already_can_be_skipped() -> None:
    coloured = np.zeros((48, 64, 3), np.uint8)
    coloured[:, :32], coloured[:, 32:] = (200, 30, 30), (30, 200, 60)
    Path("coloured.png").write_bytes(encoded(coloured, "PNG"))
    done = run("submit", "coloured.png", "-o", "out", "--on-color", "skip")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "coloured.png: skipped, already_color"
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("output", "expected"), [("out", "out/a.jpg"), ("out/b.png", "out/b.png"), ("c.jpg", "c.jpg")]
)
def test_where_one_result_goes(output: str, expected: str) -> None:
    Path("a.jpg").write_bytes(encoded(gradient(seed=77)))
    assert run("submit", "a.jpg", "-o", output).exit_code == 0
    assert Path(expected).is_file()


def test_an_object_goes_to_another_and_can_be_watched(service: Service) -> None:
    source = str(service.put("commands/a.jpg", encoded(gradient(seed=77))))
    done = run("submit", source, "--to", "s3://tintype/commands/out.webp", "--json")
    assert done.exit_code == 0, done.output
    job = json.loads(done.stdout)["job"]
    watched = run("watch", job["id"])
    assert watched.exit_code == 0
    assert watched.stdout.splitlines()[-1] == "succeeded: s3://tintype/commands/out.webp"


def test_a_batch_is_tried_made_watched_and_reported(service: Service) -> None:
    for number in range(3):
        service.put(f"commands batch/{number}.jpg", encoded(gradient(seed=number)))
    service.put("commands batch/broken.jpg", b"no image")
    order = ("batch", "s3://tintype/commands batch/", "--to", "s3://tintype/commands out")
    dry = run(*order, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "4 photographs" in dry.stdout
    assert "commands out/0.jpg" in dry.stdout
    made = run(*order)
    assert made.exit_code == 0, made.output
    batch_id = made.stdout.strip()
    watched = run("watch", batch_id)
    assert watched.exit_code == 1
    assert "commands batch/broken.jpg: unsupported_format: " in watched.stdout
    report = run("report", batch_id)
    rows = list(csv.DictReader(io.StringIO(report.stdout)))
    assert {row["key"]: row["state"] for row in rows} == {
        **{f"commands batch/{number}.jpg": "succeeded" for number in range(3)},
        "commands batch/broken.jpg": "failed",
    }
    assert "unsupported_format" in report.stderr


def test_what_is_not_there_is_named(service: Service) -> None:
    for command in ("watch", "report"):
        done = run(command, "no-such", "--api", service.url)
        assert done.exit_code == 1
        assert done.stderr.startswith("tintype: batch_not_found: ")
