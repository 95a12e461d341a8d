"""A Caffe network of the family as an ONNX graph, which other engines run."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from core.errors import UnsupportedLayer
from models.prototxt import Message, parse
from worker.engines.base import Array
from worker.engines.caffe import DISTRIBUTION, MEAN_AB, CaffeNet

INPUT, PROBABILITIES, AB = "lightness", "probabilities", "ab"
OPSET = 17
BATCH_NORM_EPS = 1e-5


def build_onnx(caffe: CaffeNet) -> onnx.ModelProto:
    """Return the graph: ``lightness`` (n, 1, h, w) to ``probabilities`` and ``ab``.

    Both are as in ``worker.colour.network.Prediction``. Take the weights before the net runs:
    OpenCV fuses layers then.

    Raises:
        UnsupportedLayer: the network has a kind of layer that no one of the family had so far.
        ModelCorrupt: the prototxt cannot be read.
    """
    text = caffe.model.path("prototxt").read_text("utf-8", errors="replace")
    graph = _Graph(caffe)
    for layer in parse(text).get("layer", []):
        assert isinstance(layer, dict)
        graph.add(layer)
    return graph.finish()


@dataclass
class _Graph:
    caffe: CaffeNet
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)
    tensors: dict[str, str] = field(default_factory=dict)
    """Name of the tensor that a Caffe blob's name stands for now: layers may work in place."""
    blobs: list[Array] = field(default_factory=list)
    """The weights of the layer that is being added."""

    def add(self, layer: Message) -> None:
        kind, name = _text(layer, "type"), _text(layer, "name")
        if kind == "Silence":
            return
        if kind == "Input":
            self.tensors[_text(layer, "top")] = INPUT
            return
        if kind not in _LAYERS:
            raise UnsupportedLayer(
                f"{self.caffe.model.name}: layer {name!r} is of the kind {kind!r}, which only the "
                "engine opencv can run; set TINTYPE_ENGINE=opencv"
            )
        inputs = [self.tensors[str(bottom)] for bottom in layer["bottom"]]
        settings = next((m for key, m in layer.items() if key.endswith("_param")), [{}])[0]
        assert isinstance(settings, dict)
        top = _text(layer, "top")
        self.blobs = self.caffe.blobs(name, top)
        self.tensors[top] = _LAYERS[kind](self, name, inputs, settings)

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


def _convolution(graph: _Graph, name: str, inputs: list[str], settings: Message) -> str:
    return _weighted(graph, "Conv", name, inputs, settings)


def _deconvolution(graph: _Graph, name: str, inputs: list[str], settings: Message) -> str:
    return _weighted(graph, "ConvTranspose", name, inputs, settings)


def _weighted(graph: _Graph, kind: str, name: str, inputs: list[str], settings: Message) -> str:
    weight, *bias = graph.blobs
    values = [graph.constant(f"{name}_weight", weight)]
    values += [graph.constant(f"{name}_bias", b.ravel()) for b in bias]
    pad = _number(settings, "pad", 0)
    return graph.node(
        kind,
        name,
        [*inputs, *values],
        kernel_shape=list(weight.shape[2:]),
        strides=[_number(settings, "stride", 1)] * 2,
        dilations=[_number(settings, "dilation", 1)] * 2,
        pads=[pad] * 4,
        group=_number(settings, "group", 1),
    )


def _batch_norm(graph: _Graph, name: str, inputs: list[str], settings: Message) -> str:
    mean, variance, scale = (blob.ravel() for blob in graph.blobs)
    divisor = scale[0] or 1
    values = {
        "gain": np.ones_like(mean),
        "shift": np.zeros_like(mean),
        "mean": mean / divisor,
        "variance": variance / divisor,
    }
    names = [graph.constant(f"{name}_{key}", value) for key, value in values.items()]
    epsilon = settings.get("eps", [BATCH_NORM_EPS])[0]
    return graph.node("BatchNormalization", name, [*inputs, *names], epsilon=epsilon)


def _scale(graph: _Graph, name: str, inputs: list[str], _settings: Message) -> str:
    if len(inputs) == 2:
        # One factor per image and channel, for every pixel.
        axes = graph.constant(f"{name}_axes", np.array([2, 3], np.int64))
        factors = graph.node("Unsqueeze", f"{name}_factors", [inputs[1], axes])
        return graph.node("Mul", name, [inputs[0], factors])
    factor, *shift = (blob.reshape(1, -1, 1, 1) for blob in graph.blobs)
    scaled = inputs[0]
    if (factor != 1).any():
        scaled = graph.node("Mul", name, [scaled, graph.constant(f"{name}_factor", factor)])
    if shift:
        shifts = graph.constant(f"{name}_shift", shift[0])
        scaled = graph.node("Add", f"{name}_shifted", [scaled, shifts])
    return scaled


def _sum(graph: _Graph, name: str, inputs: list[str], settings: Message) -> str:
    if settings.get("operation", ["SUM"]) != ["SUM"] or "coeff" in settings:
        raise UnsupportedLayer(f"layer {name!r}: of Eltwise, only the plain sum is known")
    return graph.node("Sum", name, inputs)


def _pooling(graph: _Graph, name: str, inputs: list[str], settings: Message) -> str:
    if settings.get("pool") != ["AVE"] or settings.get("global_pooling") != ["true"]:
        raise UnsupportedLayer(f"layer {name!r}: of Pooling, only the global mean is known")
    return graph.node("GlobalAveragePool", name, inputs)


def _plain(kind: str, **attributes: Any) -> Callable[[_Graph, str, list[str], Message], str]:
    def add(graph: _Graph, name: str, inputs: list[str], _settings: Message) -> str:
        return graph.node(kind, name, inputs, **attributes)

    return add


_LAYERS: dict[str, Callable[[_Graph, str, list[str], Message], str]] = {
    "Convolution": _convolution,
    "Deconvolution": _deconvolution,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "Eltwise": _sum,
    "Pooling": _pooling,
    "ReLU": _plain("Relu"),
    "Sigmoid": _plain("Sigmoid"),
    "Flatten": _plain("Flatten", axis=1),
    "Softmax": _plain("Softmax", axis=1),
}


def _text(message: Message, name: str) -> str:
    return str(message[name][0])


def _number(message: Message, name: str, default: int) -> int:
    value = message.get(name, [default])[0]
    assert isinstance(value, int | float)
    return int(value)
