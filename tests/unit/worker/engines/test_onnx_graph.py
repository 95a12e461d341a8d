from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from core.errors import EngineNotInstalled, UnsupportedLayer
from models.manifest import open_folder
from tests.support.standin import BINS, edited, write_standin
from worker.engines import load, load_engine, write_onnx


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_standin(tmp_path / "mine")


def test_the_file_says_what_goes_in_and_out(folder: Path, tmp_path: Path) -> None:
    model = open_folder(folder)
    write_onnx(model, tmp_path / "net.onnx")
    graph = onnx.load(tmp_path / "net.onnx")
    assert [value.name for value in graph.graph.input] == ["lightness"]
    assert [value.name for value in graph.graph.output] == ["probabilities", "ab"]
    assert {item.key: item.value for item in graph.metadata_props} == {"model_digest": model.digest}


@pytest.mark.parametrize(("count", "size"), [(1, 224), (3, 64)])
def test_the_file_runs_anywhere_with_any_size(
    folder: Path, tmp_path: Path, count: int, size: int
) -> None:
    model = open_folder(folder)
    write_onnx(model, tmp_path / "net.onnx")
    session = ort.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    batch = np.random.default_rng(0).uniform(-50, 50, (count, 1, size, size)).astype(np.float32)
    probabilities, ab = session.run(["probabilities", "ab"], {"lightness": batch})
    expected = load_engine("opencv", model).predict(batch)
    assert probabilities.shape == (count, BINS, size // 4, size // 4)
    assert np.abs(probabilities - expected.probabilities).max() < 1e-4
    assert np.abs(ab - expected.ab).max() < 1e-2


_TAIL = ' layer { name: "extra" type: "%s" bottom: "class8_ab" top: "extra" %s }\n'


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("Eltwise", "eltwise_param { operation: MAX }", "operation: MAX"),
        ("Pooling", "pooling_param { pool: MAX kernel_size: 2 }", "the setting kernel_size"),
        ("Pooling", "pooling_param { pool: AVE }", "global_pooling: false"),
        ("ReLU", "relu_param { negative_slope: 0.1 }", "negative_slope: 0.1"),
        ("Softmax", "softmax_param { axis: 2 }", "axis: 2"),
        ("Flatten", "flatten_param { axis: 2 }", "axis: 2"),
        ("ReLU", "transform_param { scale: 2 }", "the field transform_param"),
        ("ReLU", 'top: "more"', "2 outputs"),
        ("TanH", "", "which only the engine opencv"),
    ],
)
def test_what_the_graph_cannot_say_is_refused(
    folder: Path, tmp_path: Path, kind: str, settings: str, message: str
) -> None:
    last = "kernel_size: 1 stride: 1 dilation: 1 } }\n"
    model = edited(folder, last, last + _TAIL % (kind, settings))
    with pytest.raises(UnsupportedLayer, match=message):
        write_onnx(model, tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kernel_size: 3 pad: 1", "kernel_size: 3 pad_h: 1 pad_w: 1", "the setting pad_h"),
        ("kernel_size: 3 pad: 1", "kernel_size: 3 pad: 1 pad: 0", "different values of pad"),
        ("stride: 2 }", "stride_h: 2 stride_w: 2 }", "the setting stride_h"),
        ("batch_norm_param { }", "batch_norm_param { use_global_stats: false }", "use_global"),
        ("num_output: 8 kernel_size: 3", "num_output: 4 kernel_size: 3", "weights of the shape"),
        (
            "scale_param { bias_term: false",
            "scale_param { num_axes: 2 bias_term: false",
            "num_axes",
        ),
    ],
)
def test_a_setting_that_is_not_known_is_never_overlooked(
    folder: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(UnsupportedLayer, match=message):
        write_onnx(edited(folder, old, new), tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_weights_are_those_of_the_layer_that_makes_a_blob(folder: Path, tmp_path: Path) -> None:
    """OpenCV calls a layer by its output, which may be the name of another layer."""
    model = edited(folder, '"conv2"', '"swapped"')
    text = model.path("prototxt").read_text()
    named = text.replace('name: "swapped" type', 'name: "conv2" type')
    model = edited(folder, text, named)
    write_onnx(model, tmp_path / "net.onnx")
    session = ort.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    batch = np.random.default_rng(0).uniform(-50, 50, (1, 1, 64, 64)).astype(np.float32)
    expected = load_engine("opencv", model).predict(batch)
    found = session.run(["ab"], {"lightness": batch})[0]
    assert np.abs(found - expected.ab).max() < 1e-2


def test_a_scale_of_ones_leaves_no_trace(folder: Path, tmp_path: Path) -> None:
    write_onnx(open_folder(folder), tmp_path / "net.onnx")
    kinds = [node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node]
    assert kinds == ["Conv", "Relu", "BatchNormalization", "Conv", "Conv", "Softmax", "Conv"]


def test_without_the_package_the_extra_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "find_spec", lambda _name: None)
    with pytest.raises(EngineNotInstalled, match=r"tintype\[onnx\]"):
        write_onnx(open_folder(folder), tmp_path / "net.onnx")
