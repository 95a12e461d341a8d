import os
from pathlib import Path

import pytest

from cli.find_images import find


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def results(*paths: str, output: str = "out") -> dict[str, str]:
    """Each source with the name of its result, without the suffix."""
    found = find([Path(path) for path in paths], Path(output))
    return {str(target.source): str(target.stem) for target in found.targets}


def test_one_folder_keeps_its_structure() -> None:
    make("album/b.png", "album/a.jpg", "album/1920/june/c.webp")
    assert results("album") == {
        "album/a.jpg": "out/a",
        "album/b.png": "out/b",
        "album/1920/june/c.webp": "out/1920/june/c",
    }


def test_each_of_several_folders_keeps_its_name() -> None:
    make("1920/a.jpg", "1930/a.jpg", "single.tif")
    assert results("1920", "1930", "single.tif") == {
        "1920/a.jpg": "out/1920/a",
        "1930/a.jpg": "out/1930/a",
        "single.tif": "out/single",
    }


def test_images_whose_results_would_share_a_name_keep_their_endings() -> None:
    make("album/a.bmp", "album/a.png", "album/a.JPG", "album/b.jpg")
    assert set(results("album").values()) == {"out/a.bmp", "out/a.png", "out/a.JPG", "out/b"}


@pytest.mark.parametrize("name", ["..jpg", ".hidden.jpg"])
def test_a_name_that_begins_with_dots_is_kept(name: str) -> None:
    make(name)
    (stem,) = results(name).values()
    assert Path(stem).parent == Path("out")
    assert Path(stem).name.strip(".")


def test_the_results_folder_is_not_searched() -> None:
    make("album/a.jpg", "album/colour/a.jpg", "album/1920/colour/b.jpg")
    assert set(results("album", output="album/colour")) == {
        "album/a.jpg",
        "album/1920/colour/b.jpg",
    }
    assert results("album/colour", output="album/colour") == {}


def test_what_is_left_out_is_counted_by_ending() -> None:
    make("album/a.jpg", "album/b.psd", "album/c.PSD", "album/scan", "album/._a.jpg")
    found = find([Path("album")], Path("out"))
    assert found.left_out == {".psd": 2, "no ending": 1, "hidden": 1}
    assert len(found.targets) == 1


def test_a_file_that_is_named_is_taken_whatever_its_ending() -> None:
    assert results("scan", "missing.gif") == {"scan": "out/scan", "missing.gif": "out/missing"}


def test_a_folder_that_cannot_be_read_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    make("album/a.jpg", "album/locked/b.jpg")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    # A test may run as root, whom no mode stops.
    monkeypatch.setattr("os.scandir", refuse)
    found = find([Path("album")], Path("out"))
    assert [error.filename for error in found.errors] == ["album/locked"]
    assert len(found.targets) == 1
