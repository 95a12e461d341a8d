"""A stand-in of the size of Zhang's network (Zhang et al. 2016, table 4), with random weights."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import Model
from models.caffe import Layer, write_caffemodel
from models.catalogue import BUNDLED, NETWORKS
from models.manifest import open_folder

BINS = 313
SOFT = 0.002
"""Scale of the last weights: logits as those of a trained network, not all in one bin."""
# Outputs, stride and dilation of the convolutions of each block; BatchNorm ends the block.
BLOCKS = (
    ((64, 1, 1), (64, 2, 1)),
    ((128, 1, 1), (128, 2, 1)),
    ((256, 1, 1), (256, 1, 1), (256, 2, 1)),
    ((512, 1, 1), (512, 1, 1), (512, 1, 1)),
    ((512, 1, 2), (512, 1, 2), (512, 1, 2)),
    ((512, 1, 2), (512, 1, 2), (512, 1, 2)),
    ((512, 1, 1), (512, 1, 1), (512, 1, 1)),
)


def full_size_model(folder: Path) -> Model:
    """Return the model in ``folder``, 129 MB, written there unless it already is."""
    target = folder / "full-size"
    if not (target / "palette.npy").exists():
        target.mkdir(parents=True, exist_ok=True)
        network = _Network()
        (target / "net.prototxt").write_text("\n".join(network.text))
        write_caffemodel(target / "net.caffemodel", "full-size", network.layers)
        palette = np.load(NETWORKS / BUNDLED / "palette.npy")
        np.save(target / "palette.npy", palette)
    return open_folder(target)


class _Network:
    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self.layers: list[Layer] = []
        self.text = [
            'layer { name: "data_l" type: "Input" top: "data_l" '
            "input_param { shape { dim: 1 dim: 1 dim: 224 dim: 224 } } }"
        ]
        top, channels = "data_l", 1
        for block, convolutions in enumerate(BLOCKS, 1):
            for number, (outputs, stride, dilation) in enumerate(convolutions, 1):
                name = f"conv{block}_{number}"
                top = self._conv(name, top, channels, outputs, 3, stride, dilation)
                top, channels = self._add(f"{name}_relu", "ReLU", top), outputs
            top = self._norm(f"conv{block}norm", top, channels)
        top = self._add(
            "conv8_1",
            "Deconvolution",
            top,
            "convolution_param { num_output: 256 kernel_size: 4 stride: 2 pad: 1 }",
            *self._weights((512, 256, 4, 4), 512 * 4, 256),
        )
        top = self._add("conv8_1_relu", "ReLU", top)
        for number in (2, 3):
            top = self._conv(f"conv8_{number}", top, 256, 256, 3, 1, 1)
            top = self._add(f"conv8_{number}_relu", "ReLU", top)
        top = self._conv("conv8_313", top, 256, BINS, 1, 1, 1, SOFT)
        top = self._add("conv8_313_rh", "Scale", top, "scale_param { bias_term: false }")
        top = self._add("class8_313_rh", "Softmax", top)
        self._conv("class8_ab", top, BINS, 2, 1, 1, 1)

    def _add(
        self, name: str, kind: str, bottom: str, param: str = "", *blobs: NDArray[np.float32]
    ) -> str:
        self.text.append(
            f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{name}" {param} }}'
        )
        if blobs:
            self.layers.append(Layer(name, kind, blobs))
        return name

    def _conv(
        self,
        name: str,
        bottom: str,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int,
        hole: int,
        scale: float = 1.0,
    ) -> str:
        param = (
            f"convolution_param {{ num_output: {outputs} kernel_size: {kernel} stride: {stride} "
            f"pad: {hole * (kernel // 2)} dilation: {hole} }}"
        )
        shape = (outputs, inputs, kernel, kernel)
        blobs = self._weights(shape, inputs * kernel**2 / scale**2, outputs)
        return self._add(name, "Convolution", bottom, param, *blobs)

    def _norm(self, name: str, bottom: str, channels: int) -> str:
        mean, variance = np.full(channels, 0.4, np.float32), np.full(channels, 0.5, np.float32)
        return self._add(name, "BatchNorm", bottom, "", mean, variance, np.ones(1, np.float32))

    def _weights(
        self, shape: tuple[int, ...], inputs: float, outputs: int
    ) -> Iterator[NDArray[np.float32]]:
        """Yield weights that keep the scale of what passes through (He et al. 2015), and biases."""
        yield self._rng.normal(0, np.sqrt(2 / inputs), shape).astype(np.float32)
        yield np.zeros(outputs, np.float32)
