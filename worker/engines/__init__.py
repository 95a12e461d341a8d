"""Ways of running a network, behind one small protocol."""

from worker.engines.base import Engine, Prediction
from worker.engines.load import AUTO, ENGINES, check_engine, load_engine, write_onnx

__all__ = ["AUTO", "ENGINES", "Engine", "Prediction", "check_engine", "load_engine", "write_onnx"]
