from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.settings import MIB
from models.manifest import open_folder
from tests.support.standin import BINS, edited, palette, write_standin
from worker.engines import ENGINES, Engine, load_engine
from worker.memory import MemoryLimit
from worker.problems import as_ours, as_problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_standin(tmp_path / "mine")


@pytest.fixture(params=ENGINES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(name: str, folder: Path) -> Engine:
    return load_engine(name, open_folder(folder))


def lightness(size: int = 224, seed: int = 3) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-50, 50, (1, 1, size, size)).astype(np.float32)


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
    assert prediction.ab == pytest.approx(mean, abs=1e-3 if engine.precision == "f32" else 0.5)
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
    difference = np.abs(engine.predict(batch).probabilities - softmax)
    assert difference.mean() < 2e-4
    # Random weights make logits of many tens, of which bf16 keeps three digits.
    assert difference.max() < (1e-5 if engine.precision == "f32" else 0.2)


@pytest.mark.parametrize("size", [32, 64, 176, 320])
def test_other_input_sizes_work(engine: Engine, size: int) -> None:
    prediction = engine.predict(lightness(size))
    assert prediction.probabilities.shape == (1, BINS, size // 4, size // 4)
    assert prediction.ab.shape == (1, 2, size // 4, size // 4)


@pytest.mark.parametrize(("height", "width"), [(64, 128), (208, 144), (16, 96)])
def test_an_input_need_not_be_square(folder: Path, engine: Engine, height: int, width: int) -> None:
    batch = np.random.default_rng(5).uniform(-50, 50, (1, 1, height, width)).astype(np.float32)
    found = engine.predict(batch)
    assert found.probabilities.shape == (1, BINS, height // 4, width // 4)
    assert found.ab.shape == (1, 2, height // 4, width // 4)
    expected = load_engine("opencv", open_folder(folder)).predict(batch)
    assert np.abs(found.ab - expected.ab).mean() < (1e-3 if engine.precision == "f32" else 0.5)


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


def test_half_weights_predict_nearly_the_same(tmp_path: Path, name: str, engine: Engine) -> None:
    half = load_engine(name, open_folder(write_standin(tmp_path / "half", half=True)))
    difference = np.abs(half.predict(lightness()).ab - engine.predict(lightness()).ab)
    assert 0 < difference.mean() < (0.2 if engine.precision == "f32" else 1)


def test_the_layer_of_the_mean_may_lack_a_bias(tmp_path: Path, name: str, engine: Engine) -> None:
    without_bias = edited(
        write_standin(tmp_path / "other"),
        "num_output: 2 kernel_size: 1",
        "num_output: 2 bias_term: false kernel_size: 1",
    )
    other = load_engine(name, without_bias)
    assert np.array_equal(other.predict(lightness()).ab, engine.predict(lightness()).ab)


def test_threads_are_set_when_asked_for(name: str, folder: Path) -> None:
    before = cv2.getNumThreads()
    try:
        load_engine(name, open_folder(folder), threads=1)
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)


def test_a_lack_of_memory_is_named_whatever_library_finds_it(engine: Engine) -> None:
    with MemoryLimit(64 * MIB).kept(), pytest.raises((MemoryError, cv2.error)) as caught:
        engine.predict(lightness(2240))
    assert as_problem(as_ours(caught.value)).code == "out_of_memory"
