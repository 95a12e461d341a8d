"""``tintype colorize`` with the options of control."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.colorize import colorize
from tests.support.images import decoded, encoded, gradient

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = Path("a.png")
    file.write_bytes(encoded(gradient(120, 160, seed=3), "PNG"))
    return file


def run(*arguments: str) -> Result:
    return CliRunner().invoke(colorize, ["a.png", "-o", "out", "--engine", "opencv", *arguments])


def picture(*arguments: str) -> Any:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return decoded(Path("out/a.png").read_bytes()).astype(int)


def test_no_saturation_is_a_grey_picture() -> None:
    levels = picture("--saturation", "0")
    assert np.ptp(levels, axis=2).max() <= 2


def test_hints_and_references_change_colours() -> None:
    Path("blue.png").write_bytes(encoded(np.full((64, 64, 3), (20, 60, 220), np.uint8), "PNG"))
    plain = picture()
    for arguments in (["--hint", "0,0,1,1=#2040d0"], ["--reference", "blue.png"]):
        blue = picture(*arguments)
        assert (blue[..., 2] - blue[..., 0]).mean() > (plain[..., 2] - plain[..., 0]).mean() + 5


def test_what_is_kept_is_decoded_again() -> None:
    plain = picture("--keep-distribution")
    kept = Path("out/a.png.distribution")
    assert 1000 < kept.stat().st_size <= 409_600
    again = run("--redecode", "--json")
    report = json.loads(again.stdout)
    assert report["output"] == "out/a.png"
    assert np.abs(decoded(Path("out/a.png").read_bytes()).astype(int) - plain).mean() < 1
    assert np.ptp(picture("--redecode", "--saturation", "0"), axis=2).max() <= 2


def test_what_was_not_kept_cannot_be_decoded_again() -> None:
    result = run("--redecode", "--json")
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "distribution_mismatch"
    assert "--keep-distribution" in error["detail"]


def test_what_was_kept_of_another_photograph_is_refused(photo: Path) -> None:
    picture("--keep-distribution")
    photo.write_bytes(encoded(gradient(120, 160, seed=4), "PNG"))
    result = run("--redecode", "--json")
    assert json.loads(result.stdout)["error"]["code"] == "distribution_mismatch"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--saturation", "2.1"],
        ["--detail", "300"],
        ["--upsample", "nearest"],
        ["--hint", "1=#000000"],
        ["--hint", "0.5,0.5=blue"],
        ["--reference", "missing.png"],
    ],
)
def test_what_cannot_be_is_refused_before_any_work(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert not Path("out").exists()


def test_variants_and_doubts_lie_beside_the_result() -> None:
    report = json.loads(run("--variants", "3", "--ambiguity", "--json").stdout)
    assert 0 < report["ambiguity"] < 1
    assert decoded(Path(report["ambiguity_map"]).read_bytes()).shape == (120, 160, 3)
    result = decoded(Path(report["output"]).read_bytes())
    for number, each in enumerate(report.get("variants", []), 2):
        assert each["output"] == f"out/a.variant-{number}.png"
        other = decoded(Path(each["output"]).read_bytes())
        assert other.shape == result.shape
        assert not np.array_equal(other, result)
