from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# The extra `train` is not part of `make test`; `make test-training` runs these.
collect_ignore = [] if find_spec("torch") else ["with_torch"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six small colour pictures, one of them in a folder of its own."""
    folder = tmp_path / "photos"
    rng = np.random.default_rng(0)
    for number in range(6):
        side = 160 if number % 2 else 64
        path = folder / ("more" if number == 5 else "") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(coarse).resize((side, side)).save(path)
    (folder / "notes.txt").write_text("not a photograph")
    return folder
