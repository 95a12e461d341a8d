"""What every engine offers."""

from typing import Protocol

from models import Model
from worker.colour.network import Array, Network, Prediction

__all__ = ["Array", "Engine", "Prediction"]


class Engine(Network, Protocol):
    """A loaded network, and the model it was loaded from."""

    @property
    def model(self) -> Model:
        """Return the model whose files were loaded."""
        ...

    def warm_up(self) -> None:
        """Run once at the network's own size, so that the first job does not pay for it."""
        ...
