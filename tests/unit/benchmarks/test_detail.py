import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import report
from benchmarks.detail import main
from tests.support.images import encoded, in_colour
from tests.support.standin import write_standin


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "FOLDER", tmp_path / "bench")
    (tmp_path / "photos").mkdir()
    for name in ("1.jpg", "2.jpg"):
        (tmp_path / "photos" / name).write_bytes(encoded(in_colour()))
    return tmp_path


def run(folder: Path, *options: str) -> dict[tuple[str, str], dict[str, float]]:
    model = write_standin(folder / "stand-in")
    order = [str(folder / "photos"), "--model", str(model), *options]
    done = CliRunner().invoke(main, order, catch_exceptions=False)
    assert done.exit_code == 0
    result = json.loads((folder / "bench/detail.json").read_text())
    return {(row["how"], row["upsample"]): row for row in result["rows"]}


def test_every_way_is_measured(folder: Path) -> None:
    rows = run(folder, "--size", "64", "--fit", "square", "--fit", "longer", "--limit", "200")
    assert {how for how, _ in rows} == {"true colours", "64 square", "64 longer"}
    assert {upsample for _, upsample in rows} == {"bicubic", "guided"}
    for row in rows.values():
        assert row["near"] > row["elsewhere"] > 0
    assert rows["true colours", "bicubic"]["psnr"] > rows["64 square", "bicubic"]["psnr"] + 5


def test_time_and_memory_are_measured_if_asked_for(folder: Path) -> None:
    run(folder, "--no-network", "--cost")
    cost = json.loads((folder / "bench/detail.json").read_text())["cost"]
    assert min(cost["bicubic_ms"], cost["guided_ms"]) > 0
    assert cost["guided_bytes"] < 8


def test_without_the_network_the_true_colours_are_left(folder: Path) -> None:
    assert {how for how, _ in run(folder, "--no-network", "--largest", "1")} == {"true colours"}


def test_a_folder_without_photographs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert CliRunner().invoke(main, [str(tmp_path / "empty")]).exit_code == 2
