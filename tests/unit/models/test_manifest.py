from pathlib import Path

import pytest

from core.errors import ModelCorrupt, ModelNotInstalled
from models import Model
from models.manifest import Manifest, check_file, open_folder
from tests.support.standin import write_standin


def test_a_folder_with_one_file_of_each_kind_is_a_model(tmp_path: Path) -> None:
    model = open_folder(write_standin(tmp_path / "mine"))
    assert model.name == "mine"
    assert model.installed
    model.verify()


def test_a_folder_with_two_of_a_kind_is_none(tmp_path: Path) -> None:
    folder = write_standin(tmp_path / "mine")
    (folder / "other.npy").write_bytes(b"x")
    with pytest.raises(ModelCorrupt, match=r"exactly one \.npy"):
        open_folder(folder)


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    first = open_folder(write_standin(tmp_path / "a", seed=0))
    same = open_folder(write_standin(tmp_path / "b", seed=0))
    other = open_folder(write_standin(tmp_path / "c", seed=1))
    assert first.digest == same.digest != other.digest


@pytest.mark.parametrize("name", ["my model", ".hidden", "модель"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    model = open_folder(write_standin(tmp_path / name))
    model.verify()
    assert model.name == name


def test_the_digest_follows_what_else_decides_a_result(tmp_path: Path) -> None:
    model = open_folder(write_standin(tmp_path / "model"))
    vivid = Model(model.manifest.model_copy(update={"temperature": 0.05}), model.folder)
    large = Model(model.manifest.model_copy(update={"input_size": 320}), model.folder)
    assert len({model.digest, vivid.digest, large.digest}) == 3


def test_a_stub_is_told_by_its_size(tmp_path: Path) -> None:
    model = open_folder(write_standin(tmp_path))
    model.path("weights").write_bytes(b"version https://git-lfs")
    with pytest.raises(ModelCorrupt, match="23 bytes and should have"):
        model.verify()


def test_changed_content_of_the_same_size_is_told_by_its_digest(tmp_path: Path) -> None:
    model = open_folder(write_standin(tmp_path))
    data = bytearray(model.path("weights").read_bytes())
    data[-1] ^= 1
    model.path("weights").write_bytes(data)
    with pytest.raises(ModelCorrupt, match="sha256"):
        model.verify()


def test_a_missing_file_says_how_to_get_it(tmp_path: Path) -> None:
    model = open_folder(write_standin(tmp_path / "mine"))
    model.path("palette").unlink()
    assert not model.installed
    with pytest.raises(ModelNotInstalled, match="models pull mine"):
        model.verify()


@pytest.mark.parametrize(
    "text", ["not toml [", 'name = "x"', 'name = "../x"\ntitle = "t"\nlicense = "l"\n[files]']
)
def test_a_bad_manifest_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.toml"
    path.write_text(text)
    with pytest.raises(ModelCorrupt, match=r"model\.toml"):
        Manifest.read(path)


def test_file_names_cannot_leave_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "model.toml"
    path.write_text(
        'name = "x"\ntitle = "t"\nlicense = "l"\n'
        f'[files.weights]\nname = "../w"\nbytes = 1\nsha256 = "{"0" * 64}"\n'
    )
    with pytest.raises(ModelCorrupt, match="name"):
        Manifest.read(path)


def test_a_good_file_passes(tmp_path: Path) -> None:
    model = open_folder(write_standin(tmp_path))
    for role, file in model.files:
        check_file(model.path(role), file)
