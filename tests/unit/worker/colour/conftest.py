"""What the network that comes with Tintype believes of the sample photographs."""

from pathlib import Path

import pytest

from models.catalogue import BUNDLED, NETWORKS
from models.manifest import open_folder
from worker.colour import Distribution, lightness, predict
from worker.engines import load_engine
from worker.images import decode

SAMPLES = Path(__file__).parents[4] / "samples"
Kept = dict[str, Distribution]


@pytest.fixture(scope="session")
def kept() -> Kept:
    """Return the distributions by name, each on 56 x 56 cells, and one on 112 x 112."""
    engine = load_engine("opencv", open_folder(NETWORKS / BUNDLED))
    found = {}
    for name, size in [(path.stem, 224) for path in sorted(SAMPLES.glob("*.jpg"))] + [
        ("astronaut", 448)
    ]:
        source = lightness(decode((SAMPLES / f"{name}.jpg").read_bytes(), 10**8).pixels)
        found[name if size == 224 else f"{name} {size}"] = predict(source, engine, size)
    return found
