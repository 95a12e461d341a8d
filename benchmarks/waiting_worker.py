"""A worker whose network takes no processor but time, as one on a device of its own would.

``python -m benchmarks.waiting_worker worker …`` is ``tintype worker …`` with such a network; the
mean seconds of a pass are in ``WAIT_SECONDS``.
"""

import os
import random
import time
from importlib import import_module
from math import log

from cli.main import main
from models import Model
from worker.colour.network import Array, Prediction
from worker.engines import Engine, load_engine

SPREAD = 0.2
"""Of the logarithm of a pass' time: it is drawn from a log-normal distribution."""


class WaitingEngine:
    """An engine that waits before it answers."""

    def __init__(self, engine: Engine, mean: float) -> None:
        self._engine = engine
        self._middle = log(mean) - SPREAD**2 / 2
        self._random = random.Random(os.getpid())  # noqa: S311
        self.name, self.precision, self.model = engine.name, engine.precision, engine.model
        self.palette, self.prior = engine.palette, engine.prior

    def predict(self, lightness: Array) -> Prediction:
        """Wait, then run one forward pass."""
        time.sleep(self._random.lognormvariate(self._middle, SPREAD))
        return self._engine.predict(lightness)


def load_waiting(name: str, model: Model, threads: int = 0) -> Engine:
    """Load a network as ``load_engine`` does."""
    return WaitingEngine(load_engine(name, model, threads), float(os.environ["WAIT_SECONDS"]))


if __name__ == "__main__":
    # The pool that each child makes takes its networks from here.
    setattr(import_module("worker.engine_pool"), "load_engine", load_waiting)  # noqa: B010
    main()
