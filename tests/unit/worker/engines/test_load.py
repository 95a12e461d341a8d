import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import EngineNotInstalled, UnsupportedLayer
from models import Model
from models.manifest import open_folder
from tests.support.standin import edited, write_standin
from worker.engines import load_engine
from worker.engines.base import Array, Prediction
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
        with pytest.raises(UnsupportedLayer, match="'relu1' is of the kind 'TanH'"):
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
