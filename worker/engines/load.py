"""Loading a network by the name of an engine, or with the fastest one that agrees."""

import ctypes
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import cv2
from billiard.exceptions import SoftTimeLimitExceeded

from core.errors import EngineFailed, EngineNotInstalled, UnknownEngine
from models import Model
from worker.draining import Drained
from worker.engines.agreement import check_agreement
from worker.engines.base import Engine
from worker.engines.caffe import CaffeNet, read_caffe
from worker.engines.opencv import OpenCVEngine

log = logging.getLogger(__name__)
AUTO = "auto"


class Backend(NamedTuple):
    """Where an engine is found, and what it needs."""

    module: str
    class_name: str
    packages: tuple[str, ...]
    extra: str

    @property
    def installed(self) -> bool:
        """Whether its packages are there."""
        return all(find_spec(package) for package in self.packages)

    def load(self, caffe: CaffeNet, threads: int) -> Engine:
        """Import the engine, which takes a while, and make it of a network."""
        make: Callable[[CaffeNet, int], Engine]
        make = getattr(import_module(self.module), self.class_name)
        return make(caffe, threads)


ENGINES = {
    "openvino": Backend("worker.engines.openvino", "OpenVINOEngine", ("openvino", "onnx"), "fast"),
    "onnxruntime": Backend(
        "worker.engines.onnxruntime", "OnnxRuntimeEngine", ("onnxruntime", "onnx"), "onnx"
    ),
    "opencv": Backend("worker.engines.opencv", "OpenCVEngine", (), ""),
}
"""Fastest first, as measured: docs/performance.md."""


def check_engine(name: str) -> None:
    """Find out whether an engine can be asked for.

    Raises:
        UnknownEngine: no engine has this name.
        EngineNotInstalled: its packages are missing.
    """
    if name == AUTO:
        return
    if name not in ENGINES:
        known = ", ".join((AUTO, *ENGINES))
        raise UnknownEngine(f"no engine is named {name!r}; known are: {known}")
    if not ENGINES[name].installed:
        extra = ENGINES[name].extra
        raise EngineNotInstalled(
            f"the engine {name} is not installed; run: pip install 'tintype[{extra}]'"
        )


def load_engine(name: str, model: Model, threads: int = 0) -> Engine:
    """Load a network, see that it agrees with opencv's output, and so warm it.

    ``auto`` takes the fastest engine that is installed and agrees.

    Raises:
        UnknownEngine, EngineNotInstalled: see ``check_engine``.
        ModelNotInstalled, ModelCorrupt: the network's files are not as promised.
        EngineFailed, UnsupportedLayer: the engine asked for cannot run this network, or does
            not agree.
    """
    check_engine(name)
    if threads:
        # The pipeline around the network keeps to the same number.
        cv2.setNumThreads(threads)
    if name == AUTO:
        engine = _fastest(model, threads)
    elif name == OpenCVEngine.name:
        engine = _reference(model, threads)
    else:
        engine, _ = _checked(name, model, threads, _reference(model, threads))
    _give_back_memory()
    return engine


def _give_back_memory() -> None:
    """Return freed memory to the system: loading passes through several copies of the weights.

    glibc keeps it otherwise, 600 MB for a network of 129 MB; elsewhere nothing happens.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _reference(model: Model, threads: int) -> Engine:
    engine = OpenCVEngine(read_caffe(model), threads)
    engine.warm_up()
    return engine


def _checked(name: str, model: Model, threads: int, reference: Engine) -> tuple[Engine, float]:
    """Return an engine that agrees with the reference, and the largest difference.

    Raises:
        EngineFailed: it does not, or cannot run the network.
    """
    caffe = read_caffe(model)
    try:
        engine = ENGINES[name].load(caffe, threads)
        return engine, check_agreement(engine, reference)
    except (EngineFailed, SoftTimeLimitExceeded, Drained, MemoryError):
        raise
    except Exception as error:
        # Whatever the libraries raise: the network is sound, opencv has just run it.
        raise EngineFailed(f"{name} cannot run {model.name}: {error!r}") from error


def _fastest(model: Model, threads: int) -> Engine:
    reference = _reference(model, threads)
    for name, backend in ENGINES.items():
        if name == reference.name or not backend.installed:
            continue
        try:
            engine, difference = _checked(name, model, threads, reference)
        except EngineFailed as error:
            log.warning("engine %s is not used: %s", name, error)
            continue
        log.info(
            "engine %s (%s) is the fastest installed; it differs from opencv by %.2g at most",
            name,
            engine.precision,
            difference,
        )
        return engine
    log.info("engine opencv: no faster one is installed and agrees")
    return reference


def write_onnx(model: Model, path: Path) -> None:
    """Write a network as an ONNX file.

    Raises:
        EngineNotInstalled: the package onnx is missing.
        OSError: the file cannot be written.
        ModelNotInstalled, ModelCorrupt, UnsupportedLayer: see ``load_engine``.
    """
    if not find_spec("onnx"):
        raise EngineNotInstalled("ONNX needs a package more; run: pip install 'tintype[onnx]'")
    from worker.engines.onnx_graph import build_onnx

    graph = build_onnx(read_caffe(model)).SerializeToString()
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(graph)
    part.replace(path)
