import cv2
import numpy as np
import pytest

from worker.colour.lightness import Pixels, lightness
from worker.colour.shrink import resized


def area(pixels: Pixels, height: int, width: int) -> np.ndarray:
    whole = lightness(pixels).whole()
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(
    ("shape", "height", "width"),
    [
        ((866, 1155), 224, 224),
        ((224, 224), 224, 224),
        ((225, 3000), 224, 224),
        ((1000, 7), 3, 7),
        ((5, 900), 1, 1),
        ((3, 3), 2, 3),
        # Here a part has one row more than its height times the scale.
        ((544, 7000), 224, 224),
        ((1312, 5200), 224, 224),
        ((976, 3343), 112, 112),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_small_pixel_is_the_mean_of_its_area(
    shape: tuple[int, int], height: int, width: int, channels: int
) -> None:
    rng = np.random.default_rng(0)
    size = shape if channels == 1 else (*shape, channels)
    pixels = rng.integers(0, 256, size, np.uint8)
    assert (
        np.abs(resized(lightness(pixels), height, width) - area(pixels, height, width)).max() < 1e-3
    )
