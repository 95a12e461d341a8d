from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.caffe import Layer, write_caffemodel
from tests.support.standin import BINS, write_standin

BATCH_NORM = """
layer { name: "data" type: "Input" top: "data"
  input_param { shape { dim: 1 dim: 3 dim: 4 dim: 5 } } }
layer { name: "norm" type: "BatchNorm" bottom: "data" top: "norm" batch_norm_param { eps: 0.001 } }
"""


def read_back(folder: Path) -> "cv2.dnn.Net":
    return cv2.dnn.readNetFromCaffe(str(folder / "net.prototxt"), str(folder / "net.caffemodel"))


def blobs(net: "cv2.dnn.Net", layer: str) -> list[NDArray[np.float32]]:
    return [np.asarray(blob, np.float32) for blob in net.getLayer(net.getLayerId(layer)).blobs]


def one_convolution(folder: Path, layer: Layer, half: bool = False) -> list[NDArray[np.float32]]:
    """Write a network of one convolution, and return the blobs that OpenCV finds in it."""
    outputs, inputs, kernel = layer.blobs[0].shape[:3]
    (folder / "net.prototxt").write_text(
        f'layer {{ name: "data" type: "Input" top: "data" '
        f"input_param {{ shape {{ dim: 1 dim: {inputs} dim: 8 dim: 8 }} }} }}\n"
        f'layer {{ name: "{layer.name}" type: "Convolution" bottom: "data" top: "{layer.name}" '
        f"convolution_param {{ num_output: {outputs} kernel_size: {kernel} }} }}\n"
    )
    write_caffemodel(folder / "net.caffemodel", "one", [layer], half)
    return blobs(read_back(folder), layer.name)


def normal(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


def test_float32_weights_come_back_to_the_last_bit(tmp_path: Path) -> None:
    weights, bias = normal(6, 3, 5, 5), normal(6)
    back = one_convolution(tmp_path, Layer("conv", "Convolution", (weights, bias)))
    assert np.array_equal(back[0], weights)
    assert np.array_equal(back[1].ravel(), bias)


def test_half_weights_come_back_rounded_to_float16(tmp_path: Path) -> None:
    weights, bias = normal(6, 3, 5, 5), normal(6)
    back = one_convolution(tmp_path, Layer("conv", "Convolution", (weights, bias)), half=True)
    assert np.array_equal(back[0], weights.astype(np.float16).astype(np.float32))
    assert np.array_equal(back[1].ravel(), bias.astype(np.float16).astype(np.float32))


def test_half_weights_are_what_opencvs_own_tool_makes_of_the_full_ones(tmp_path: Path) -> None:
    full, half = write_standin(tmp_path / "full"), write_standin(tmp_path / "half", half=True)
    ours = blobs(read_back(half), "conv8_313")
    cv2.dnn.shrinkCaffeModel(str(full / "net.caffemodel"), str(full / "net.caffemodel"))
    theirs = blobs(read_back(full), "conv8_313")
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_half_a_file_is_half_the_size(tmp_path: Path) -> None:
    full, half = write_standin(tmp_path / "full"), write_standin(tmp_path / "half", half=True)
    sizes = [(folder / "net.caffemodel").stat().st_size for folder in (full, half)]
    assert sizes[1] == pytest.approx(sizes[0] / 2, rel=0.05)


@pytest.mark.parametrize("half", [False, True])
def test_every_blob_keeps_its_shape(tmp_path: Path, half: bool) -> None:
    net = read_back(write_standin(tmp_path, half=half))
    shapes = {
        name: [blob.shape for blob in blobs(net, name)]
        for name in ("conv1", "conv2", "conv8_313", "class8_ab")
    }
    # OpenCV shows a vector as a column.
    assert shapes == {
        "conv1": [(8, 1, 3, 3), (8, 1)],
        "conv2": [(8, 8, 3, 3), (8, 1)],
        "conv8_313": [(BINS, 8, 1, 1), (BINS, 1)],
        "class8_ab": [(2, BINS, 1, 1), (2, 1)],
    }


def test_a_layer_without_blobs_has_none(tmp_path: Path) -> None:
    assert blobs(read_back(write_standin(tmp_path)), "conv8_313_rh") == []


def test_names_longer_than_one_length_byte_are_found(tmp_path: Path) -> None:
    layer = Layer("conv_" + "x" * 200, "Convolution", (normal(2, 1, 1, 1), normal(2)))
    assert np.array_equal(one_convolution(tmp_path, layer)[0], layer.blobs[0])


@pytest.mark.parametrize("values", [np.asfortranarray(normal(4, 3, 3, 3)), normal(8, 3, 3, 3)[::2]])
def test_the_layout_in_memory_does_not_matter(tmp_path: Path, values: NDArray[np.float32]) -> None:
    layer = Layer("conv", "Convolution", (values, normal(4)))
    assert np.array_equal(one_convolution(tmp_path, layer)[0], values)


def test_float64_weights_become_float32(tmp_path: Path) -> None:
    weights = normal(2, 1, 3, 3).astype(np.float64) / 3
    layer = Layer("conv", "Convolution", (weights, np.zeros(2)))
    assert np.array_equal(one_convolution(tmp_path, layer)[0], weights.astype(np.float32))


@pytest.mark.parametrize("half", [False, True])
def test_batch_norm_divides_its_statistics_by_the_third_blob(tmp_path: Path, half: bool) -> None:
    mean, variance = np.array([1, -2, 0.5], np.float32), np.array([4, 0.25, 1], np.float32)
    stats = (mean * 8, variance * 8, np.full(1, 8, np.float32))
    (tmp_path / "net.prototxt").write_text(BATCH_NORM)
    write_caffemodel(
        tmp_path / "net.caffemodel", "norm", [Layer("norm", "BatchNorm", stats)], half=half
    )
    net, batch = read_back(tmp_path), normal(1, 3, 4, 5)
    net.setInput(batch)
    column = (1, 3, 1, 1)
    expected = (batch - mean.reshape(column)) / np.sqrt(variance.reshape(column) + 0.001)
    assert np.asarray(net.forward("norm")) == pytest.approx(expected, abs=1e-5)


def test_the_same_layers_make_the_same_file(tmp_path: Path) -> None:
    first, second = write_standin(tmp_path / "a"), write_standin(tmp_path / "b")
    name = "net.caffemodel"
    assert (first / name).read_bytes() == (second / name).read_bytes()
