from pathlib import Path

import numpy as np
import pytest

from core.errors import ModelCorrupt, ModelNotInstalled, UnknownEngine
from models.manifest import open_folder
from tests.support.standin import BINS, edited, palette, write_standin
from worker.engines import ENGINES, load_engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_standin(tmp_path / "mine")


def test_an_unknown_engine_lists_the_known_ones(folder: Path) -> None:
    with pytest.raises(UnknownEngine, match="'steam'; known are: auto, openvino"):
        load_engine("steam", open_folder(folder))
    assert "steam" not in ENGINES


@pytest.mark.parametrize("name", ["net.prototxt", "net.caffemodel", "palette.npy"])
def test_a_missing_file_is_a_model_not_installed(folder: Path, name: str) -> None:
    model = open_folder(folder)
    (folder / name).unlink()
    with pytest.raises(ModelNotInstalled, match=name):
        load_engine("opencv", model)


@pytest.mark.parametrize("name", ["net.prototxt", "net.caffemodel", "palette.npy"])
def test_one_changed_byte_is_a_corrupt_model(folder: Path, name: str) -> None:
    model = open_folder(folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelCorrupt, match="sha256"):
        load_engine("opencv", model)


@pytest.mark.parametrize("layer", ["class8_ab", "conv8_313_rh"])
def test_a_network_of_another_family_is_refused_by_name(folder: Path, layer: str) -> None:
    model = edited(folder, f'"{layer}"', '"something_else"')
    with pytest.raises(ModelCorrupt, match=f"no layer '{layer}'"):
        load_engine("opencv", model)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class8_313_rh", "probabilities"),
        ("num_output: 313", "num_output: 300"),
        ("num_output: 2 ", "num_output: 3 "),
        ('"ReLU"', '"Frobnicate"'),
        ("layer {", "layer {{"),
    ],
)
def test_a_network_that_cannot_run_is_a_corrupt_model(folder: Path, old: str, new: str) -> None:
    with pytest.raises(ModelCorrupt, match="mine"):
        load_engine("opencv", edited(folder, old, new))


@pytest.mark.parametrize(
    "shape", [(BINS,), (2, BINS), (BINS, 3), (BINS, 2, 1), (0, 2), (BINS - 1, 2)]
)
def test_a_palette_of_another_shape_is_a_corrupt_model(
    folder: Path, shape: tuple[int, ...]
) -> None:
    np.save(folder / "palette.npy", np.ones(shape))
    with pytest.raises(ModelCorrupt):
        load_engine("opencv", open_folder(folder))


def test_a_palette_that_is_no_array_of_numbers_is_a_corrupt_model(folder: Path) -> None:
    path = folder / "palette.npy"
    np.save(path, np.full((BINS, 2), "blue"))
    words = path.read_bytes()
    np.savez(folder / "archive.npz", palette=palette())
    archive = (folder / "archive.npz").read_bytes()
    for data in (words, words[:100], archive, b"PK\x03\x04", b"not an array"):
        path.write_bytes(data)
        with pytest.raises(ModelCorrupt, match="cannot be loaded"):
            load_engine("opencv", open_folder(folder))


def test_a_pickle_is_never_loaded_as_a_palette(folder: Path) -> None:
    np.save(folder / "palette.npy", np.array([{}] * BINS), allow_pickle=True)
    with pytest.raises(ModelCorrupt, match="allow_pickle"):
        load_engine("opencv", open_folder(folder))


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        bytes(1000),
        b"<html>moved</html>",
        b"version https://git-lfs.github.com/spec/v1\n",
        np.random.default_rng(0).bytes(5000),
        b"\x0a\x05empty",
    ],
    ids=["byte", "zeros", "page", "pointer", "random", "no layers"],
)
def test_garbage_with_a_matching_manifest_is_a_corrupt_model(folder: Path, data: bytes) -> None:
    (folder / "net.caffemodel").write_bytes(data)
    model = open_folder(folder)
    model.verify()
    with pytest.raises(ModelCorrupt, match="mine"):
        load_engine("opencv", model)


def test_weights_cut_short_with_a_matching_manifest_are_a_corrupt_model(folder: Path) -> None:
    weights = folder / "net.caffemodel"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ModelCorrupt):
        load_engine("opencv", open_folder(folder))
