"""What every engine offers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from models import Model
from models.prior import prior_over
from worker.colour.network import Array, Network, Prediction

__all__ = ["Array", "Engine", "LoadedEngine", "Prediction", "naming_a_lack_of_memory"]
_LACK = re.compile("allocat|bad_alloc", re.IGNORECASE)


@contextmanager
def naming_a_lack_of_memory() -> Iterator[None]:
    """Around a call of a library that says in words alone that it found no memory.

    Raises:
        MemoryError: it did.
    """
    try:
        yield
    except Exception as error:
        if _LACK.search(str(error)):
            raise MemoryError(str(error)) from error
        raise


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
