"""Ways of running a network, behind one small protocol."""

from core.errors import UnknownEngine
from models import Model
from worker.engines.base import Engine, Prediction
from worker.engines.opencv import OpenCVEngine

__all__ = ["ENGINES", "Engine", "Prediction", "load_engine"]

ENGINES = {"opencv": OpenCVEngine.load}


def load_engine(name: str, model: Model, threads: int = 0) -> Engine:
    """Load a network and warm it with one forward pass.

    Raises:
        UnknownEngine: no engine has this name.
        ModelNotInstalled, ModelCorrupt: the network's files are not as promised.
    """
    if name not in ENGINES:
        raise UnknownEngine(f"no engine is named {name!r}; known are: {', '.join(sorted(ENGINES))}")
    engine = ENGINES[name](model, threads)
    engine.warm_up()
    return engine
