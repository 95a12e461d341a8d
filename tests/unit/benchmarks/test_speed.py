import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from benchmarks import growth, pipeline, report
from benchmarks.classic import classic
from benchmarks.full_size import full_size_model
from benchmarks.memory import Peak
from models import Catalogue
from models.catalogue import BUNDLED
from tests.support.images import decoded, encoded, gradient
from worker.engines import load_engine


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "FOLDER", tmp_path / "bench")
    return tmp_path / "bench"


def written(folder: Path, name: str) -> dict[str, Any]:
    with Image.open(folder / f"{name}.png") as plot:
        assert plot.width > 300
    content: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    assert content["machine"]["cores"] >= 1
    return content


def test_the_pipeline_is_measured_beside_the_classic_script(folder: Path) -> None:
    order = ["--megapixels", "0.1,0.2", "--rounds", "1"]
    done = CliRunner().invoke(pipeline.main, order, catch_exceptions=False)
    assert done.exit_code == 0
    rows = written(folder, "pipeline")["rows"]
    assert [(row["kind"], row["megapixels"]) for row in rows] == [
        ("grey", 0.1),
        ("grey", 0.2),
        ("colour", 0.1),
        ("colour", 0.2),
    ]
    for row in rows:
        assert min(row["ours_ms"], row["classic_ms"], row["codec_ms"]) > 0
        assert set(row["stages_ms"]) >= {"decode", "compose", "encode"}


def test_growth_counts_bytes_and_times_pages(folder: Path) -> None:
    done = CliRunner().invoke(growth.main, ["--most", "100"], catch_exceptions=False)
    assert done.exit_code == 0
    content = written(folder, "growth")
    assert 500 < content["bytes_per_finished_job"] < 3000
    assert [row["jobs"] for row in content["rows"]] == [100]


def test_calls_that_take_turns_are_all_timed() -> None:
    calls: list[str] = []
    times = report.interleaved(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3, warm=1
    )
    assert calls == ["a", "b"] * 4
    assert set(times) == {"a", "b"}


def test_the_peak_counts_memory_that_is_gone_by_the_end() -> None:
    with Peak() as peak:
        np.ones(400_000_000, np.uint8).sum()
    # What earlier tests have left may come or go meanwhile.
    assert 250e6 < peak.extra < 550e6


def test_the_classic_script_keeps_the_lightness_and_adds_colour() -> None:
    data = encoded(gradient(120, 160), quality=95)
    ab = np.full((2, 56, 56), 20, np.float32)
    result = decoded(classic(data, lambda _: ab))
    assert result.shape == (120, 160, 3)
    lab = cv2.cvtColor(result.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    assert 10 < lab[30:90, 40:120, 1].mean() < 25


def test_the_stand_in_has_the_size_of_zhangs_network(tmp_path: Path) -> None:
    model = full_size_model(tmp_path)
    assert full_size_model(tmp_path) == model
    assert model.path("weights").stat().st_size == pytest.approx(128_946_764, rel=0.001)
    picture = np.random.default_rng(0).uniform(-50, 50, (1, 1, 64, 64)).astype(np.float32)
    prediction = load_engine("opencv", model).predict(picture)
    bundled = load_engine("opencv", Catalogue(tmp_path).get(BUNDLED)).predict(picture)
    assert prediction.probabilities.shape == bundled.probabilities.shape
    # Neither uniform nor all in one bin: as a trained network answers.
    assert 1.5 / 313 < prediction.probabilities.max(axis=1).mean() < 0.9
