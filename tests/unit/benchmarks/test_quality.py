import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from benchmarks.quality import main
from tests.support.standin import write_standin


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    rng = np.random.default_rng(0)
    for name in ("a/1.png", "b/1.png", "b/grey.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shape = (5, 6) if "grey" in name else (5, 6, 3)
        coarse = rng.integers(0, 256, shape).astype(np.uint8)
        Image.fromarray(coarse).resize((60, 50)).save(folder / name)
    (folder / "broken.jpg").write_bytes(b"no image")
    return folder


def test_every_photograph_is_scored_and_shown(photos: Path, tmp_path: Path) -> None:
    model = write_standin(tmp_path / "stand-in")
    output = tmp_path / "out"
    order = [str(photos), "--model", str(model), "-o", str(output), "--temperature", "1"]
    done = CliRunner().invoke(main, order, catch_exceptions=False)
    assert done.exit_code == 0
    assert "broken.jpg: " in done.stderr
    report = json.loads((output / "quality.json").read_text())
    summary, scores = report["summary"], report["photographs"]
    assert [score["name"] for score in scores] == ["a/1.png", "b/1.png", "b/grey.png"]
    assert (summary["photographs"], summary["model"]) == (3, "stand-in")
    assert summary["gain"] == pytest.approx(summary["psnr"] - summary["grey_psnr"])
    assert summary["psnr"] == pytest.approx(np.mean([score["psnr"] for score in scores]))
    assert scores[2]["grey_psnr"] == 99
    assert 0 < summary["balanced_accuracy"] < 1
    near = [score["near_edges"] for score in scores if score["near_edges"] is not None]
    assert summary["near_edges"] == pytest.approx(np.mean(near))
    assert summary["near_edges"] > 1
    with Image.open(output / "contact-sheet.jpg") as sheet:
        assert sheet.width == 2 * (3 * 200 + 16)


def test_a_folder_without_photographs_is_an_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, [str(tmp_path)])
    assert done.exit_code == 2
