"""What every engine offers."""

from typing import Protocol

from models import Model
from models.prior import prior_over
from worker.colour.network import Array, Network, Prediction

__all__ = ["Array", "Engine", "LoadedEngine", "Prediction"]


class Engine(Network, Protocol):
    """A loaded network, and the model it was loaded from. Threads may share it."""

    @property
    def name(self) -> str:
        """Return the name of this way of running networks, as ``TINTYPE_ENGINE`` gives it."""
        ...

    @property
    def precision(self) -> str:
        """Return the type of number that the layers compute with: ``f32`` or ``bf16``."""
        ...

    @property
    def model(self) -> Model:
        """Return the model whose files were loaded."""
        ...


class LoadedEngine:
    """What the engines have in common; each adds ``predict``."""

    name: str
    precision = "f32"

    def __init__(self, model: Model, palette: Array) -> None:
        self.model = model
        self.palette = palette
        self.prior = prior_over(palette)

    def predict(self, lightness: Array) -> Prediction:
        """Run one forward pass; see ``worker.colour.Network``."""
        raise NotImplementedError
