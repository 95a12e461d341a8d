import json
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import report
from benchmarks.chroma import main
from benchmarks.toning import RECIPES, WEAR
from tests.support.images import encoded, gradient, in_colour


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name, pixels in (
        ("a/1.jpg", in_colour()),
        ("a/2.jpg", gradient()),
        ("b/1.jpg", gradient()),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(encoded(pixels))
    return folder


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_a_photograph_and_its_prints_are_measured(
    kind: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "FOLDER", tmp_path / "bench")
    if kind == "tar":
        with tarfile.open(tmp_path / "photos.tar", "w") as archive:
            archive.add(photos, arcname="")
        photos = tmp_path / "photos.tar"
    order = [str(photos), "--under", "a/", "--toned", "a/2.jpg"]
    done = CliRunner().invoke(main, order, catch_exceptions=False)
    assert done.exit_code == 0
    result = json.loads((tmp_path / "bench/chroma.json").read_text())
    kinds = result["kinds"]
    assert (kinds["colour"]["scans"], kinds["colour"]["in_colour"]) == (1, 1)
    assert (kinds["toned to the eye"]["scans"], kinds["toned to the eye"]["in_colour"]) == (1, 0)
    assert all(kinds[kind]["scans"] == len(WEAR) for kind in RECIPES)
    assert kinds["sepia, duotone"]["in_colour"] == 0
    assert [row["photograph"] for row in result["colour"]] == ["a/1.jpg"]
    assert all(ms > 0 for ms in result["ms"].values())


def test_a_folder_without_photographs_is_an_error(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, [str(tmp_path)]).exit_code == 2
