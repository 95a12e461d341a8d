import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import EngineFailed, EngineNotInstalled, UnsupportedLayer
from models import Model
from models.manifest import open_folder
from tests.support.standin import edited, write_standin
from worker.engines import Engine, load_engine
from worker.engines.base import Array, Prediction
from worker.engines.caffe import CaffeNet
from worker.engines.load import ENGINES, Backend, check_engine
from worker.engines.onnxruntime import OnnxRuntimeEngine
from worker.engines.openvino import OpenVINOEngine, cache_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_standin(tmp_path / "mine")


@pytest.fixture
def model(folder: Path) -> Model:
    return open_folder(folder)


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_auto_takes_the_fastest_that_agrees(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    assert load_engine("auto", model).name == "openvino"
    assert "engine openvino" in caplog.text
    assert "fastest installed" in caplog.text


def test_auto_leaves_out_what_disagrees(
    model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    predict = OpenVINOEngine.predict

    def wrong(self: OpenVINOEngine, lightness: Array) -> Prediction:
        found = predict(self, lightness)
        return Prediction(found.probabilities, found.ab + 3)

    monkeypatch.setattr(OpenVINOEngine, "predict", wrong)
    assert load_engine("auto", model).name == "onnxruntime"
    assert "engine openvino is not used: openvino (" in caplog.text
    assert "differs from opencv" in caplog.text


@pytest.mark.parametrize("value", [np.nan, 0.5])
def test_auto_ends_with_opencv(
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    value: float,
) -> None:
    def wrong(self: OpenVINOEngine | OnnxRuntimeEngine, lightness: Array) -> Prediction:
        side = lightness.shape[2] // 4
        bins = len(self.palette)
        return Prediction(
            np.full((1, bins, side, side), value, np.float32),
            np.full((1, 2, side, side), value * 40, np.float32),
        )

    for engine in (OpenVINOEngine, OnnxRuntimeEngine):
        monkeypatch.setattr(engine, "predict", wrong)
    assert load_engine("auto", model).name == "opencv"
    assert "no faster one is installed and agrees" in caplog.text


def test_auto_leaves_out_what_is_not_installed(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Backend("worker.engines.nothing", "Nothing", ("no_such_package",), "fast")
    monkeypatch.setitem(ENGINES, "openvino", missing)
    assert load_engine("auto", model).name == "onnxruntime"
    with pytest.raises(EngineNotInstalled, match=r"pip install 'tintype\[fast\]'"):
        check_engine("openvino")


def test_auto_survives_a_package_that_cannot_be_imported(
    model: Model, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delitem(sys.modules, "worker.engines.openvino")
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(Backend, "installed", True)
    assert load_engine("auto", model).name == "onnxruntime"
    assert "engine openvino is not used" in caplog.text


def test_a_layer_that_only_opencv_knows(folder: Path) -> None:
    model = edited(folder, '"ReLU"', '"TanH"')
    assert load_engine("auto", model).name == "opencv"
    for name in ("openvino", "onnxruntime"):
        with pytest.raises(UnsupportedLayer, match=r"'relu1' \(TanH\)"):
            load_engine(name, model)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name: "relu1" ', ""),
        ("batch_norm_param { }", "batch_norm_param < >"),
        ("stride: 2 }", "stride: [2, 2] }"),
    ],
)
def test_what_opencv_alone_can_read_leaves_auto_with_opencv(
    folder: Path, caplog: pytest.LogCaptureFixture, old: str, new: str
) -> None:
    model = edited(folder, old, new)
    assert load_engine("auto", model).name == "opencv"
    assert "engine openvino is not used" in caplog.text
    with pytest.raises(EngineFailed, match="cannot be described as ONNX"):
        load_engine("onnxruntime", model)


def test_an_input_of_the_old_style_is_read(folder: Path) -> None:
    layer = """layer { name: "data_l" type: "Input" top: "data_l"
  input_param { shape { dim: 1 dim: 1 dim: 224 dim: 224 } } }"""
    old = 'input: "data_l" input_dim: 1 input_dim: 1 input_dim: 224 input_dim: 224'
    assert load_engine("onnxruntime", edited(folder, layer, old)).name == "onnxruntime"


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_an_engine_that_is_asked_for_has_to_agree_too(
    model: Model, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    backend = ENGINES[name]

    def load(self: Backend, caffe: CaffeNet, threads: int) -> Engine:
        caffe.net.getLayer(caffe.net.getLayerId("conv1")).blobs = [
            -blob for blob in caffe.blobs("conv1")
        ]
        return original(self, caffe, threads)

    original = Backend.load
    monkeypatch.setattr(Backend, "load", load)
    assert backend.installed
    with pytest.raises(EngineFailed, match="differs from opencv"):
        load_engine(name, model)


def test_openvino_keeps_what_it_compiled(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = load_engine("openvino", model)
    kept = list((tmp_path / "cache").rglob("*.blob"))
    assert kept
    second = load_engine("openvino", model)
    assert list((tmp_path / "cache").rglob("*.blob")) == kept
    batch = np.linspace(-50, 50, 64 * 64, dtype=np.float32).reshape(1, 1, 64, 64)
    assert np.array_equal(first.predict(batch).ab, second.predict(batch).ab)


def test_openvino_works_where_nothing_can_be_kept(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder() is None
    assert load_engine("openvino", model).name == "openvino"
