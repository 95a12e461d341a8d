"""A Caffe network of the family as an ONNX graph, which other engines run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.errors import EngineFailed, ModelCorrupt
from models.prototxt import Message, parse
from worker.engines.base import Array
from worker.engines.caffe import DISTRIBUTION, MEAN_AB, CaffeNet
from worker.engines.caffe_layer import CaffeLayer

INPUT, PROBABILITIES, AB = "lightness", "probabilities", "ab"
OPSET = 17


def build_onnx(caffe: CaffeNet) -> onnx.ModelProto:
    """Return the graph: ``lightness`` (n, 1, h, w) to ``probabilities`` and ``ab``.

    Both are as in ``worker.colour.network.Prediction``. Take the weights before the net runs:
    OpenCV fuses layers then.

    Raises:
        UnsupportedLayer: the network has a layer or setting that no one of the family had so far.
        EngineFailed: the network cannot be described for another reason.
    """
    text = caffe.model.path("prototxt").read_text("utf-8", errors="replace")
    try:
        return _build(parse(text), caffe)
    except (
        *(ModelCorrupt, AssertionError, LookupError, TypeError, ValueError),
        onnx.checker.ValidationError,
    ) as error:
        raise EngineFailed(
            f"{caffe.model.name} cannot be described as ONNX ({error!r}); set TINTYPE_ENGINE=opencv"
        ) from error


def _build(network: Message, caffe: CaffeNet) -> onnx.ModelProto:
    graph = _Graph(caffe)
    for name in network.get("input", []):
        graph.tensors[str(name)] = INPUT
    for message in network.get("layer", []):
        assert isinstance(message, dict)
        graph.add(CaffeLayer(message))
    return graph.finish()


@dataclass
class _Graph:
    caffe: CaffeNet
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    tensors: dict[str, str] = field(default_factory=dict)
    """Name of the tensor that a Caffe blob's name stands for now: layers may work in place."""

    def add(self, layer: CaffeLayer) -> None:
        if layer.kind == "Silence":
            return
        if layer.kind == "Input":
            self.tensors[layer.top] = INPUT
            return
        if layer.kind not in _LAYERS:
            raise layer.unsupported(f"the kind {layer.kind!r}")
        inputs = [self.tensors[bottom] for bottom in layer.bottoms]
        self.tensors[layer.top] = _LAYERS[layer.kind](self, layer, inputs)

    def blobs(self, layer: CaffeLayer) -> list[Array]:
        return self.caffe.blobs(layer.name_in_opencv)

    def node(self, kind: str, name: str, inputs: list[str], **attributes: Any) -> str:
        output = {DISTRIBUTION: PROBABILITIES, MEAN_AB: AB}.get(name, f"{name}_out")
        self.nodes.append(helper.make_node(kind, inputs, [output], name, **attributes))
        return output

    def constant(self, name: str, values: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def finish(self) -> onnx.ModelProto:
        bins = len(self.caffe.palette)

        def tensor(name: str, channels: int, scale: str) -> onnx.ValueInfoProto:
            shape: list[str | int | None] = ["n", channels, f"h{scale}", f"w{scale}"]
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

        graph = helper.make_graph(
            self.nodes,
            self.caffe.model.name,
            [tensor(INPUT, 1, "")],
            [tensor(PROBABILITIES, bins, "/4"), tensor(AB, 2, "/4")],
            self.constants,
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="tintype")
        model.ir_version = 8
        helper.set_model_props(model, {"model_digest": self.caffe.model.digest})
        onnx.checker.check_model(model)
        return model


def _convolution(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    return _weighted(graph, "Conv", layer, inputs, outputs_axis=0)


def _deconvolution(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    return _weighted(graph, "ConvTranspose", layer, inputs, outputs_axis=1)


def _weighted(
    graph: _Graph, kind: str, layer: CaffeLayer, inputs: list[str], outputs_axis: int
) -> str:
    weight, *bias = graph.blobs(layer)
    group = layer.number("group", 1)
    outputs = weight.shape[outputs_axis] * (group if outputs_axis else 1)
    kernel = layer.number("kernel_size", 0)
    if outputs != layer.number("num_output", 0) or weight.shape[2:] != (kernel, kernel):
        raise layer.unsupported(f"weights of the shape {weight.shape}")
    values = [graph.constant(f"{layer.name}_weight", weight)]
    values += [graph.constant(f"{layer.name}_bias", b.ravel()) for b in bias]
    return graph.node(
        kind,
        layer.name,
        [*inputs, *values],
        kernel_shape=[kernel] * 2,
        strides=[layer.number("stride", 1)] * 2,
        dilations=[layer.number("dilation", 1)] * 2,
        pads=[layer.number("pad", 0)] * 4,
        group=group,
    )


def _batch_norm(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    layer.expect("use_global_stats", "true")
    mean, variance, scale = (blob.ravel() for blob in graph.blobs(layer))
    divisor = scale[0] or 1
    values = {
        "gain": np.ones_like(mean),
        "shift": np.zeros_like(mean),
        "mean": mean / divisor,
        "variance": variance / divisor,
    }
    names = [graph.constant(f"{layer.name}_{key}", value) for key, value in values.items()]
    return graph.node(
        "BatchNormalization", layer.name, [*inputs, *names], epsilon=layer.real("eps", 1e-5)
    )


def _scale(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    name = layer.name
    if len(inputs) == 2:
        # One factor per image and channel, for every pixel.
        layer.expect("axis", 0.0, default=1.0)
        layer.expect("bias_term", "false")
        axes = graph.constant(f"{name}_axes", np.array([2, 3], np.int64))
        factors = graph.node("Unsqueeze", f"{name}_factors", [inputs[1], axes])
        return graph.node("Mul", name, [inputs[0], factors])
    layer.expect("axis", 1.0)
    factor, *shift = (blob.reshape(1, -1, 1, 1) for blob in graph.blobs(layer))
    scaled = inputs[0]
    if (factor != 1).any():
        scaled = graph.node("Mul", name, [scaled, graph.constant(f"{name}_factor", factor)])
    if shift:
        shifts = graph.constant(f"{name}_shift", shift[0])
        scaled = graph.node("Add", f"{name}_shifted", [scaled, shifts])
    return scaled


def _sum(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    layer.expect("operation", "SUM")
    return graph.node("Sum", layer.name, inputs)


def _pooling(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    layer.expect("pool", "AVE", default="MAX")
    layer.expect("global_pooling", "true", default="false")
    return graph.node("GlobalAveragePool", layer.name, inputs)


def _flatten(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    layer.expect("axis", 1.0)
    return graph.node("Flatten", layer.name, inputs, axis=1)


def _softmax(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    layer.expect("axis", 1.0)
    return graph.node("Softmax", layer.name, inputs, axis=1)


def _relu(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    layer.expect("negative_slope", 0.0)
    return graph.node("Relu", layer.name, inputs)


def _sigmoid(graph: _Graph, layer: CaffeLayer, inputs: list[str]) -> str:
    return graph.node("Sigmoid", layer.name, inputs)


_LAYERS: dict[str, Callable[[_Graph, CaffeLayer, list[str]], str]] = {
    "Convolution": _convolution,
    "Deconvolution": _deconvolution,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "Eltwise": _sum,
    "Pooling": _pooling,
    "ReLU": _relu,
    "Sigmoid": _sigmoid,
    "Flatten": _flatten,
    "Softmax": _softmax,
}
