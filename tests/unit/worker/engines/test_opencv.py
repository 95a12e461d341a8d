from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import ModelCorrupt, ModelNotInstalled, UnknownEngine
from models import Model
from models.manifest import open_folder
from tests.support.standin import BINS, palette, write_standin
from worker.engines import ENGINES, Engine, load_engine
from worker.engines.opencv import OpenCVEngine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_standin(tmp_path / "mine")


@pytest.fixture
def engine(folder: Path) -> Engine:
    return load_engine("opencv", open_folder(folder))


def lightness(size: int = 224, seed: int = 3) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-50, 50, (1, 1, size, size)).astype(np.float32)


def edited(folder: Path, old: str, new: str) -> Model:
    """The model of a folder after a change of its prototxt; its manifest agrees with the files."""
    prototxt = folder / "net.prototxt"
    text = prototxt.read_text()
    assert old in text
    prototxt.write_text(text.replace(old, new))
    return open_folder(folder)


def test_the_engine_knows_its_model_and_palette(folder: Path, engine: Engine) -> None:
    assert engine.model == open_folder(folder)
    assert np.array_equal(engine.palette, palette())
    assert engine.palette.dtype == np.float32


def test_a_prediction_is_a_distribution_at_a_quarter_of_the_size(engine: Engine) -> None:
    prediction = engine.predict(lightness())
    assert prediction.probabilities.shape == (1, BINS, 56, 56)
    assert prediction.ab.shape == (1, 2, 56, 56)
    assert prediction.probabilities.min() >= 0
    assert prediction.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_ab_is_the_mean_of_the_palette_under_the_distribution(engine: Engine) -> None:
    prediction = engine.predict(lightness())
    mean = np.einsum("nqhw,qc->nchw", prediction.probabilities, engine.palette)
    assert prediction.ab == pytest.approx(mean, abs=1e-3)
    assert np.ptp(prediction.ab) > 1


def test_the_distribution_has_temperature_1(folder: Path, engine: Engine) -> None:
    batch = lightness()
    trunk = (folder / "net.prototxt").read_text().split('layer { name: "conv8_313_rh"')[0]
    (folder / "trunk.prototxt").write_text(trunk)
    net = cv2.dnn.readNetFromCaffe(str(folder / "trunk.prototxt"), str(folder / "net.caffemodel"))
    net.setInput(batch)
    logits = np.asarray(net.forward())
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert np.abs(engine.predict(batch).probabilities - softmax).max() < 1e-5


@pytest.mark.parametrize("size", [32, 64, 176, 320])
def test_other_input_sizes_work(engine: Engine, size: int) -> None:
    prediction = engine.predict(lightness(size))
    assert prediction.probabilities.shape == (1, BINS, size // 4, size // 4)
    assert prediction.ab.shape == (1, 2, size // 4, size // 4)


def test_the_size_may_change_between_calls(engine: Engine) -> None:
    first = engine.predict(lightness(64))
    engine.predict(lightness(128))
    assert np.array_equal(engine.predict(lightness(64)).ab, first.ab)


def test_a_prediction_is_not_overwritten_by_the_next(engine: Engine) -> None:
    first = engine.predict(lightness(64, seed=1))
    kept = first.probabilities.copy(), first.ab.copy()
    second = engine.predict(lightness(64, seed=2))
    assert not np.array_equal(second.ab, first.ab)
    assert np.array_equal(first.probabilities, kept[0])
    assert np.array_equal(first.ab, kept[1])


def test_a_batch_is_predicted_image_by_image(engine: Engine) -> None:
    one, two = lightness(64, seed=1), lightness(64, seed=2)
    both = engine.predict(np.concatenate((one, two)))
    assert both.ab[:1] == pytest.approx(engine.predict(one).ab, abs=1e-4)
    assert both.ab[1:] == pytest.approx(engine.predict(two).ab, abs=1e-4)


def test_half_weights_predict_nearly_the_same(tmp_path: Path, engine: Engine) -> None:
    half = load_engine("opencv", open_folder(write_standin(tmp_path / "half", half=True)))
    difference = np.abs(half.predict(lightness()).ab - engine.predict(lightness()).ab)
    assert 0 < difference.mean() < 0.2


def test_the_layer_of_the_mean_may_lack_a_bias(tmp_path: Path, engine: Engine) -> None:
    without_bias = edited(
        write_standin(tmp_path / "other"),
        "num_output: 2 kernel_size: 1",
        "num_output: 2 bias_term: false kernel_size: 1",
    )
    other = load_engine("opencv", without_bias)
    assert np.array_equal(other.predict(lightness()).ab, engine.predict(lightness()).ab)


def test_threads_are_set_when_asked_for(folder: Path) -> None:
    before = cv2.getNumThreads()
    try:
        load_engine("opencv", open_folder(folder), threads=1)
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)


def test_an_unknown_engine_lists_the_known_ones(folder: Path) -> None:
    with pytest.raises(UnknownEngine, match="'steam'; known are: opencv"):
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
        OpenCVEngine.load(open_folder(folder))
