"""``python -m tests.golden.colours`` writes the expected colours anew after a change."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.jobs import Options
from models import Catalogue
from tests.support.images import decoded
from worker.engines import load_engine
from worker.processing import process

HERE = Path(__file__).parent
SAMPLES = HERE.parents[1] / "samples"
NAMES = ("astronaut", "cameraman", "coffee")
GRID = 32


def colours(name: str, engine: str = "opencv") -> NDArray[np.float32]:
    """Colorize a sample with the defaults of the bundled network; return its ab on a grid.

    The result is (32, 32, 2), in CIELAB units.
    """
    network = load_engine(engine, Catalogue(HERE).get("tint-small"))
    data = (SAMPLES / f"{name}.jpg").read_bytes()
    rgb = decoded(process(data, network, Options(format="png"), 10**6).data)
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    grid = cv2.resize(lab[..., 1:], (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.asarray(grid, dtype=np.float32)


def expected(name: str) -> NDArray[np.float32]:
    """Return what was kept."""
    kept: NDArray[np.float32] = np.load(HERE / f"{name}.npy").astype(np.float32)
    return kept


if __name__ == "__main__":
    for name in NAMES:
        np.save(HERE / f"{name}.npy", colours(name).astype(np.float16))
