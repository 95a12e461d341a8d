"""The networks that one process holds: the default from the start, a few others on demand."""

import threading
from collections import OrderedDict

from models import Catalogue, Model
from worker.engines import Engine, load_engine
from worker.memory import UNLIMITED, MemoryLimit

MAX_LOADED = 3


class EnginePool:
    """Loads each network once; the least recently used one goes when there are too many."""

    def __init__(
        self,
        catalogue: Catalogue,
        engine: str,
        threads: int,
        memory: MemoryLimit = UNLIMITED,
    ) -> None:
        """``memory``: what jobs may take beyond the networks; it is set after each is loaded."""
        self._catalogue = catalogue
        self._engine = engine
        self._threads = threads
        self._memory = memory
        self._models: dict[str | None, Model] = {}
        self._loaded: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str | None = None) -> Engine:
        """Return a loaded network by name, or the default one.

        Raises:
            UnknownModel, ModelNotInstalled, ModelCorrupt: see ``models.Catalogue``.
            UnknownEngine: see ``load_engine``.
        """
        with self._lock:
            model = self._model(name)
            if model.name not in self._loaded:
                with self._memory.lifted():
                    self._load(model)
            self._loaded.move_to_end(model.name)
            return self._loaded[model.name]

    def digest(self, name: str | None = None) -> str:
        """Return the digest of a network without loading it.

        Raises:
            UnknownModel, ModelNotInstalled: see ``models.Catalogue``.
        """
        with self._lock:
            return self._model(name).digest

    def _load(self, model: Model) -> None:
        self._loaded[model.name] = load_engine(self._engine, model, self._threads)
        while len(self._loaded) > MAX_LOADED:
            self._loaded.popitem(last=False)

    def _model(self, name: str | None) -> Model:
        if name not in self._models:
            # A job names a model of the catalogue, never a path on this machine.
            found = self._catalogue.default() if name is None else self._catalogue.get(name)
            self._models[name] = found
        return self._models[name]
