"""OpenVINO on the graph built from the Caffe net: the extra ``fast``."""

import os
import threading
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

import worker.engines.silence  # noqa: F401  # before OpenVINO, which would call home

import openvino as ov  # isort: skip

from worker.engines.base import Array, LoadedEngine, Prediction, naming_a_lack_of_memory
from worker.engines.caffe import CaffeNet
from worker.engines.onnx_graph import AB, INPUT, PROBABILITIES, build_onnx

DEVICE = "CPU"


class OpenVINOEngine(LoadedEngine):
    """One compiled network that all threads share, each with a request of its own."""

    name = "openvino"

    def __init__(self, caffe: CaffeNet, threads: int = 0, precision: str | None = None) -> None:
        """Compile, or take from the cache; ``threads`` 0 takes every core.

        ``precision`` is ``f32`` or ``bf16``; None: ``bf16`` where the processor has it (AMX or
        AVX512-BF16).

        Raises:
            EngineFailed, UnsupportedLayer: the network cannot be described as ONNX.
        """
        super().__init__(caffe.model, caffe.palette)
        core = ov.Core()
        self.precision = precision or best_precision(core)
        settings: dict[str, str | int] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": threads,
            # Every process would pin its threads to the same first cores.
            "ENABLE_CPU_PINNING": False,
        }
        if folder := cache_folder():
            settings["CACHE_DIR"] = str(folder)
        graph = build_onnx(caffe).SerializeToString()
        self._compiled = core.compile_model(core.read_model(graph), DEVICE, settings)
        self._local = threading.local()

    def predict(self, lightness: Array) -> Prediction:
        """Run one forward pass; see ``worker.colour.Network``."""
        if not hasattr(self._local, "request"):
            self._local.request = self._compiled.create_infer_request()
        with naming_a_lack_of_memory():
            results = self._local.request.infer({INPUT: lightness}, share_inputs=True)
        return Prediction(np.asarray(results[PROBABILITIES]), np.asarray(results[AB]))


def best_precision(core: ov.Core) -> str:
    """Return ``bf16`` where the processor computes with it, else ``f32``."""
    return "bf16" if "BF16" in core.get_property(DEVICE, "OPTIMIZATION_CAPABILITIES") else "f32"


def cache_folder() -> Path | None:
    """Return where compiled networks are kept, if anywhere.

    OpenVINO tells apart versions, processors and networks by itself.
    """
    folder = user_cache_path("tintype") / "openvino"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return folder if os.access(folder, os.W_OK) else None
    except OSError:
        return None
