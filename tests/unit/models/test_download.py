from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import DownloadFailed, ModelCorrupt
from models import Model, download
from models.download import pull
from models.manifest import MANIFEST, open_folder
from tests.support.http_files import Files, serving
from tests.support.standin import write_standin


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    folder = write_standin(tmp_path / "origin")
    with serving(Files({path.name: path.read_bytes() for path in folder.iterdir()})) as files:
        yield files


@pytest.fixture
def model(tmp_path: Path, files: Files) -> Model:
    """A manifest that promises the served files, in an empty folder."""
    origin = open_folder(tmp_path / "origin").manifest
    lines = ['name = "remote"\ntitle = "t"\nlicense = "l"\n']
    for role, file in origin.files.items():
        lines.append(
            f'[files.{role}]\nname = "{file.name}"\nurl = "{files.url}/{file.name}"\n'
            f'bytes = {file.bytes}\nsha256 = "{file.sha256}"\n'
        )
    (tmp_path / "remote").mkdir()
    (tmp_path / "remote" / MANIFEST).write_text("".join(lines))
    return open_folder(tmp_path / "remote")


def test_pull_fetches_every_file_with_progress(model: Model) -> None:
    seen: dict[str, tuple[int, int]] = {}
    pull(model, lambda name, done, total: seen.update({name: (done, total)}))
    model.verify()
    assert set(seen) == {file.name for _, file in model.files}
    assert all(done == total for done, total in seen.values())
    assert not list(model.folder.glob("*.part"))


def test_a_second_pull_fetches_nothing(model: Model, files: Files) -> None:
    pull(model)
    asked = len(files.ranges)
    pull(model)
    assert len(files.ranges) == asked


def test_what_is_whole_is_not_written_to(model: Model) -> None:
    pull(model)
    (model.folder / ".lock").unlink()
    before = {path.name: path.stat().st_mtime_ns for path in model.folder.iterdir()}
    pull(model)
    assert {path.name: path.stat().st_mtime_ns for path in model.folder.iterdir()} == before


def test_of_those_who_pull_into_one_folder_one_fetches(model: Model, files: Files) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(pull, model) for _ in range(4)]:
            done.result()
    model.verify()
    assert len(files.ranges) == len(model.files)


def test_an_interrupted_pull_goes_on_where_it_stopped(model: Model, files: Files) -> None:
    name = model.path("weights").name
    (model.folder / f"{name}.part").write_bytes(files.contents[name][:100])
    pull(model)
    model.verify()
    assert "bytes=100-" in files.ranges


def test_a_cut_connection_keeps_what_came(
    model: Model, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "CHUNK", 10)
    files.cut_after = 50
    with pytest.raises(DownloadFailed, match="run the command again"):
        pull(model)
    assert sum(path.stat().st_size for path in model.folder.glob("*.part")) == 50
    pull(model)
    model.verify()


def test_a_server_without_ranges_starts_over(model: Model, files: Files) -> None:
    files.honour_ranges = False
    name = model.path("weights").name
    (model.folder / f"{name}.part").write_bytes(b"stale")
    pull(model)
    model.verify()


def test_a_stub_is_refused_and_removed(model: Model, files: Files) -> None:
    files.contents[model.path("weights").name] = b"<html>moved</html>"
    with pytest.raises(ModelCorrupt, match="a stub"):
        pull(model)
    assert not model.path("weights").exists()
    assert not list(model.folder.glob("*.part"))


def test_other_content_of_the_right_size_is_refused(model: Model, files: Files) -> None:
    name = model.path("weights").name
    files.contents[name] = bytes(len(files.contents[name]))
    with pytest.raises(ModelCorrupt, match="sha256"):
        pull(model)
    assert not model.path("weights").exists()


def test_a_body_longer_than_promised_is_cut_off(model: Model, files: Files) -> None:
    files.contents[model.path("weights").name] += b"x" * 1_000_000
    with pytest.raises(ModelCorrupt, match="more than the promised"):
        pull(model)


def test_an_unreachable_host_is_named(model: Model, files: Files) -> None:
    files.contents.clear()
    with pytest.raises(DownloadFailed, match="404"):
        pull(model)


def test_a_refused_connection_is_a_failed_download(model: Model) -> None:
    manifest = model.folder / MANIFEST
    manifest.write_text(manifest.read_text().replace("http://127.0.0.1:", "http://127.0.0.1:1/"))
    with pytest.raises(DownloadFailed, match="cannot be fetched"):
        pull(open_folder(model.folder))
