"""ONNX Runtime on the graph built from the Caffe net: the extra ``onnx``."""

import onnxruntime as ort

from worker.engines.base import Array, LoadedEngine, Prediction, naming_a_lack_of_memory
from worker.engines.caffe import CaffeNet
from worker.engines.onnx_graph import AB, INPUT, PROBABILITIES, build_onnx


class OnnxRuntimeEngine(LoadedEngine):
    """One session; threads run it side by side."""

    name = "onnxruntime"

    def __init__(self, caffe: CaffeNet, threads: int = 0) -> None:
        """Build the session; ``threads`` 0 takes every core.

        Raises:
            EngineFailed, UnsupportedLayer: the network cannot be described as ONNX.
        """
        super().__init__(caffe.model, caffe.palette)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        graph = build_onnx(caffe).SerializeToString()
        self._session = ort.InferenceSession(graph, options, ["CPUExecutionProvider"])

    def predict(self, lightness: Array) -> Prediction:
        """Run one forward pass; see ``worker.colour.Network``."""
        with naming_a_lack_of_memory():
            probabilities, ab = self._session.run([PROBABILITIES, AB], {INPUT: lightness})
        return Prediction(probabilities, ab)
