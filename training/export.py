"""Export to Caffe: a prototxt, an fp16 caffemodel, the palette and a manifest."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.caffe import Layer, write_caffemodel
from models.manifest import MANIFEST, sha256
from training.network import BATCH_NORM_EPS, DILATIONS, SKIP_FROM, STEM, ConvNorm, TintSmall

Array = NDArray[np.float32]


class Graph:
    """Collects layers as prototxt text and as blobs, one call per layer."""

    def __init__(self, name: str, input_size: int) -> None:
        self.name = name
        self.layers: list[Layer] = []
        self.text = [
            f'name: "{name}"',
            'layer { name: "data_l" type: "Input" top: "data_l" input_param { '
            f"shape {{ dim: 1 dim: 1 dim: {input_size} dim: {input_size} }} }} }}",
        ]

    def add(self, name: str, kind: str, bottoms: str, param: str = "", *blobs: Array) -> str:
        """Append one layer and return the name of its output."""
        wires = " ".join(f'bottom: "{bottom}"' for bottom in bottoms.split())
        self.text.append(f'layer {{ name: "{name}" type: "{kind}" {wires} top: "{name}" {param} }}')
        if blobs:
            self.layers.append(Layer(name, kind, blobs))
        return name

    def conv(self, name: str, bottom: str, module: nn.Module) -> str:
        """Append a convolution, transposed or not, with its normalization folded in."""
        conv, weight, bias = fold(module)
        kind = "Deconvolution" if isinstance(conv, nn.ConvTranspose2d) else "Convolution"
        settings = (
            f"num_output: {conv.out_channels} kernel_size: {conv.kernel_size[0]} "
            f"stride: {conv.stride[0]} pad: {conv.padding[0]} dilation: {conv.dilation[0]}"
        )
        return self.add(name, kind, bottom, f"convolution_param {{ {settings} }}", weight, bias)

    def relu(self, bottom: str) -> str:
        """Append a ReLU."""
        return self.add(f"{bottom}_relu", "ReLU", bottom)

    def sum(self, name: str, first: str, second: str) -> str:
        """Append an element-wise sum."""
        return self.add(name, "Eltwise", f"{first} {second}", "eltwise_param { operation: SUM }")


def fold(module: nn.Module) -> tuple[nn.Conv2d | nn.ConvTranspose2d, Array, Array]:
    """Return the convolution, its weight and its bias, after folding batch normalization in."""
    conv = module[0] if isinstance(module, ConvNorm) else module
    assert isinstance(conv, nn.Conv2d | nn.ConvTranspose2d)
    weight = conv.weight.detach().float().numpy()
    bias = np.zeros(conv.out_channels, np.float32)
    if conv.bias is not None:
        bias = conv.bias.detach().float().numpy()
    if isinstance(module, ConvNorm):
        norm = module[1]
        scale, shift = norm.weight.detach().numpy(), norm.bias.detach().numpy()
        gain = scale / np.sqrt(norm.running_var.numpy() + BATCH_NORM_EPS)
        outputs_first = (1, -1, 1, 1) if isinstance(conv, nn.ConvTranspose2d) else (-1, 1, 1, 1)
        weight = weight * gain.reshape(outputs_first)
        bias = (bias - norm.running_mean.numpy()) * gain + shift
    return conv, weight.astype(np.float32), bias.astype(np.float32)


def build(network: TintSmall, input_size: int = 224) -> Graph:
    """Return the network as Caffe layers, with the names that Zhang's network uses at its ends."""
    graph = Graph("tint-small", input_size)
    eighth, quarter = _stem(graph, network)
    x = graph.relu(graph.conv("down", eighth, network.down))
    for number, (block, dilation) in enumerate(zip(network.blocks, DILATIONS, strict=True), 1):
        name = f"block{number}_dilation{dilation}"
        x = graph.sum(f"{name}_sum", x, graph.relu(graph.conv(name, x, block)))
    pool = graph.add("scene", "Pooling", x, "pooling_param { pool: AVE global_pooling: true }")
    gate = graph.conv(
        "excite", graph.relu(graph.conv("squeeze", pool, network.squeeze)), network.excite
    )
    gate = graph.add("gate", "Flatten", graph.add("excite_sigmoid", "Sigmoid", gate))
    x = graph.add("gated", "Scale", f"{x} {gate}", "scale_param { axis: 0 bias_term: false }")
    for number, source in enumerate((eighth, quarter), 1):
        up = graph.conv(f"up{number}", x, network.get_submodule(f"up{number}"))
        skip = graph.conv(f"skip{number}", source, network.get_submodule(f"skip{number}"))
        x = graph.relu(graph.sum(f"join{number}", up, skip))
    x = graph.relu(graph.conv("refine", x, network.refine))
    x = graph.conv("conv8_313", x, network.bins)
    x = graph.add(
        "conv8_313_rh",
        "Scale",
        x,
        "scale_param { bias_term: false }",
        np.ones(network.bins.out_channels, np.float32),
    )
    x = graph.add("class8_313_rh", "Softmax", x)
    graph.add("class8_ab", "Convolution", x, "convolution_param { num_output: 2 kernel_size: 1 }")
    return graph


def _stem(graph: Graph, network: TintSmall) -> tuple[str, str]:
    x = skip = "data_l"
    for name, *_, norm in STEM:
        x = graph.relu(graph.conv(name, x, network.stem.get_submodule(name)))
        if name == SKIP_FROM:
            skip = x
        if norm:
            stats = network.stem.get_submodule(f"{name}norm")
            blobs = (stats.running_mean.numpy(), stats.running_var.numpy(), np.ones(1, np.float32))
            x = graph.add(f"{name}norm", "BatchNorm", x, "", *blobs)
    return x, skip


def export_network(
    network: TintSmall,
    palette: NDArray[Any],
    folder: Path,
    name: str,
    title: str,
    vividness: float = 0.0,
) -> None:
    """Write the network as a model folder; ``palette`` is (bins, 2) in ab units.

    ``vividness`` is its default for jobs that name none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network.eval()
    graph = build(network)
    blobs = np.ascontiguousarray(palette.T.reshape(2, -1, 1, 1), dtype=np.float32)
    layers = [*graph.layers, Layer("class8_ab", "Convolution", (blobs, np.zeros(2, np.float32)))]
    (folder / "network.prototxt").write_text("\n".join(graph.text) + "\n")
    write_caffemodel(folder / "network.caffemodel", graph.name, layers, half=True)
    np.save(folder / "palette.npy", palette.astype(np.int16))
    (folder / MANIFEST).write_text("".join(_manifest(folder, name, title, vividness)))


def _manifest(folder: Path, name: str, title: str, vividness: float) -> Iterator[str]:
    yield (
        f"name = {json.dumps(name)}\n"
        f"title = {json.dumps(title)}\n"
        'family = "ab-bins-313"\n'
        'license = "BSD-2-Clause"\n'
        "input_size = 224\n"
        "temperature = 1.0\n"
        f"vividness = {vividness}\n"
    )
    for role, file in (
        ("prototxt", "network.prototxt"),
        ("weights", "network.caffemodel"),
        ("palette", "palette.npy"),
    ):
        path = folder / file
        yield f'\n[files.{role}]\nname = "{file}"\nbytes = {path.stat().st_size}\n'
        yield f'sha256 = "{sha256(path)}"\n'


def load_average(checkpoint: Path) -> TintSmall:
    """Return the moving average of a checkpoint, ready for export."""
    network = TintSmall()
    average = torch.load(checkpoint, weights_only=True)["average"]
    prefix = "module."
    network.load_state_dict(
        {key[len(prefix) :]: value for key, value in average.items() if key.startswith(prefix)}
    )
    network.eval()
    return network
