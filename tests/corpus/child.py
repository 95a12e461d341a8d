"""A process that works on files as a worker's child does, and says how each ended."""

import faulthandler
import os
import time
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.memory import Peak
from core.jobs import Options
from core.settings import MIB
from models.manifest import open_folder
from worker.engines import Engine, load_engine
from worker.memory import MemoryLimit
from worker.problems import as_ours
from worker.processing import process

MAX_PIXELS = 1_000_000
MEMORY = 128 * MIB
"""Three times what a picture of so many pixels needs at most."""


WAYS = (Options(), Options(pages="all", private_data="strip"))
"""Each file goes one of them; which, its length tells."""


@dataclass(frozen=True)
class Ending:
    """How one file ended."""

    code: str | None
    """Of its error; None: it became a picture."""
    detail: str
    seconds: float


def work(connection: Connection, model: Path, log: Path) -> None:
    """Take paths of files from the connection until None comes; answer each with its ending.

    At the end, tell by how much memory has grown in between, bytes at the highest.
    """
    with log.open("w") as file:
        # Decoders write what they think of a file; a crash writes where it was.
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        faulthandler.enable(file)
        warnings.simplefilter("ignore")
        engine = load_engine("opencv", open_folder(model), threads=1)
        with MemoryLimit(MEMORY).kept(), Peak() as peak:
            connection.send(None)
            while (path := connection.recv()) is not None:
                connection.send(_ending(path, engine))
        connection.send(peak.extra)


def _ending(path: Path, engine: Engine) -> Ending:
    began = time.perf_counter()
    code, detail = None, ""
    try:
        data = path.read_bytes()
        process(data, engine, WAYS[len(data) % len(WAYS)], MAX_PIXELS)
    except Exception as error:
        ours = as_ours(error)
        code, detail = ours.code, f"{ours} ({error!r})"
    return Ending(code, detail, time.perf_counter() - began)
