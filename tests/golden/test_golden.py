import numpy as np
import pytest

from tests.golden.colours import NAMES, colours, expected
from worker.engines import ENGINES


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_colours_are_as_they_were(name: str, engine: str) -> None:
    difference = np.linalg.norm(colours(name, engine) - expected(name), axis=-1)
    assert difference.mean() < 0.5
    assert difference.max() < 4


def test_the_sky_is_blue_the_lawn_green_and_skin_warm() -> None:
    cameraman, astronaut = expected("cameraman"), expected("astronaut")
    assert cameraman[:6, 20:, 1].mean() < -5
    assert cameraman[22:, 24:, 0].mean() < 0 < cameraman[22:, 24:, 1].mean()
    face = astronaut[6:9, 13:16].mean(axis=(0, 1))
    assert face[0] > 0
    assert face[1] > 5
