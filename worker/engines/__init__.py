"""Ways of running a network, behind one small protocol."""

from collections.abc import Callable

from core.errors import UnknownEngine
from models import Model
from worker.engines.base import Engine, Prediction
from worker.engines.opencv import OpenCVEngine

__all__ = ["ENGINES", "Engine", "Prediction", "find_engine", "load_engine"]

ENGINES: dict[str, Callable[[Model, int], Engine]] = {"opencv": OpenCVEngine.load}


def find_engine(name: str) -> Callable[[Model, int], Engine]:
    """Return what loads a network: a function of the model and the number of threads.

    Raises:
        UnknownEngine: no engine has this name.
    """
    if name not in ENGINES:
        raise UnknownEngine(f"no engine is named {name!r}; known are: {', '.join(sorted(ENGINES))}")
    return ENGINES[name]


def load_engine(name: str, model: Model, threads: int = 0) -> Engine:
    """Load a network and warm it with one forward pass.

    Raises:
        UnknownEngine: no engine has this name.
        ModelNotInstalled, ModelCorrupt: the network's files are not as promised.
    """
    engine = find_engine(name)(model, threads)
    engine.warm_up()
    return engine
