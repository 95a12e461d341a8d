"""The networks that one process holds: the default from the start, a few others on demand."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from core.errors import ModelElsewhere, ModelNotInstalled, TintypeError, UnknownModel
from core.fleet.networks import Whereabouts
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
        elsewhere: Callable[[str], Whereabouts] = lambda _: Whereabouts.NOWHERE,
    ) -> None:
        """``memory``: what jobs may take beyond the networks; it is set after each is loaded.

        ``elsewhere``: where else a network of a name is.
        """
        self._catalogue = catalogue
        self._engine = engine
        self._threads = threads
        self._memory = memory
        self._elsewhere = elsewhere
        self._models: dict[str | None, Model] = {}
        self._loaded: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str | None = None) -> Engine:
        """Return a loaded network by name, or the default one.

        Raises:
            UnknownModel, ModelNotInstalled, ModelCorrupt: see ``models.Catalogue``.
            ModelElsewhere: another worker has it.
            UnknownEngine: see ``load_engine``.
        """
        try:
            with self._lock:
                return self._get(name)
        except (UnknownModel, ModelNotInstalled) as error:
            raise self._missing(name, error) from error

    def digest(self, name: str | None = None) -> str:
        """Return the digest of a network without loading it.

        Raises:
            UnknownModel, ModelNotInstalled: see ``models.Catalogue``.
            ModelElsewhere: another worker has it.
        """
        try:
            with self._lock:
                return self._model(name).digest
        except (UnknownModel, ModelNotInstalled) as error:
            raise self._missing(name, error) from error

    def _missing(self, name: str | None, error: TintypeError) -> TintypeError:
        """Return what a job is told that names a network which is not here."""
        place = Whereabouts.NOWHERE if name is None else self._elsewhere(name)
        if name is None or place is Whereabouts.NOWHERE:
            return error
        return ModelElsewhere(name, at_work=place is Whereabouts.AT_WORK)

    def _get(self, name: str | None) -> Engine:
        model = self._model(name)
        if model.name not in self._loaded:
            with self._memory.lifted():
                self._load(model)
        self._loaded.move_to_end(model.name)
        return self._loaded[model.name]

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
