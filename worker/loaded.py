"""What children tell their parent of the network they have loaded."""

import json
from collections.abc import Mapping
from mmap import mmap

from worker.engines import Engine

SIZE = 4096


class Loaded:
    """A page of memory that is made before the fork; all children write the same."""

    def __init__(self) -> None:
        self._page = mmap(-1, SIZE)

    def tell(self, engine: Engine) -> None:
        """Write what was loaded as the default network."""
        model = engine.model
        about = {
            "engine": engine.name,
            "precision": engine.precision,
            "model": model.name,
            "digest": model.digest,
        }
        self._page[:] = json.dumps(about).encode().ljust(SIZE, b"\0")

    def read(self) -> Mapping[str, str]:
        """Return what was told: engine, precision, model and digest; nothing before that."""
        text = self._page[:].rstrip(b"\0")
        return json.loads(text) if text else {}
