"""A stand-in for Zhang's network: the ends are the same, the trunk is tiny, weights are random."""

from pathlib import Path

import numpy as np

from models import Model
from models.caffe import Layer, write_caffemodel
from models.manifest import open_folder

BINS = 313
_PROTOTXT = """name: "stand-in"
layer { name: "data_l" type: "Input" top: "data_l"
  input_param { shape { dim: 1 dim: 1 dim: 224 dim: 224 } } }
layer { name: "conv1" type: "Convolution" bottom: "data_l" top: "conv1"
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 stride: 2 } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv1norm" type: "BatchNorm" bottom: "conv1" top: "conv1norm" batch_norm_param { } }
layer { name: "conv2" type: "Convolution" bottom: "conv1norm" top: "conv2"
  convolution_param { num_output: 8 kernel_size: 3 pad: 1 stride: 2 } }
layer { name: "conv8_313" type: "Convolution" bottom: "conv2" top: "conv8_313"
  convolution_param { num_output: 313 kernel_size: 1 } }
layer { name: "conv8_313_rh" type: "Scale" bottom: "conv8_313" top: "conv8_313_rh"
  scale_param { bias_term: false filler { type: 'constant' value: 2.606 } } }
layer { name: "class8_313_rh" type: "Softmax" bottom: "conv8_313_rh" top: "class8_313_rh" }
layer { name: "class8_ab" type: "Convolution" bottom: "class8_313_rh" top: "class8_ab"
  convolution_param { num_output: 2 kernel_size: 1 stride: 1 dilation: 1 } }
"""


def palette() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """313 points of the ab plane on a grid of 10 units."""
    side = np.arange(-90, 91, 10)
    points = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    order = np.argsort((points**2).sum(1), kind="stable")
    return points[order[:BINS]].astype(np.int64)


def write_standin(folder: Path, half: bool = False, seed: int = 0) -> Path:
    """Write the three files into a folder, without a manifest."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return rng.normal(0, 0.1, shape).astype(np.float32)

    folder.mkdir(parents=True, exist_ok=True)
    stats = (normal(8) * 999, np.abs(normal(8)) * 999, np.full(1, 999, np.float32))
    layers = [
        Layer("conv1", "Convolution", (normal(8, 1, 3, 3), normal(8))),
        Layer("conv1norm", "BatchNorm", stats),
        Layer("conv2", "Convolution", (normal(8, 8, 3, 3), normal(8))),
        # Logits as a trained network has them, so that bfloat16 is near enough.
        Layer("conv8_313", "Convolution", (normal(BINS, 8, 1, 1) / 3, normal(BINS) / 3)),
        # As in the official release: no blob of conv8_313_rh, zeros for class8_ab.
        Layer("class8_ab", "Convolution", (normal(2, BINS, 1, 1) * 0, normal(2) * 0)),
    ]
    (folder / "net.prototxt").write_text(_PROTOTXT)
    write_caffemodel(folder / "net.caffemodel", "stand-in", layers, half=half)
    np.save(folder / "palette.npy", palette())
    return folder


def edited(folder: Path, old: str, new: str) -> Model:
    """The model of a folder after a change of its prototxt; its manifest agrees with the files."""
    prototxt = folder / "net.prototxt"
    text = prototxt.read_text()
    assert old in text
    prototxt.write_text(text.replace(old, new))
    return open_folder(folder)
