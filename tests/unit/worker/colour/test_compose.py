import cv2
import numpy as np
import pytest

from tests.support.images import at_depth, gradient, srgb_of
from worker.colour.compose import compose
from worker.colour.lightness import Lightness, lightness


@pytest.mark.parametrize(("depth", "peak"), [(8, 255), (16, 65_535)])
@pytest.mark.parametrize(("height", "width"), [(700, 900), (31, 47), (1, 5), (2000, 3)])
def test_bands_give_what_the_whole_image_gives(
    depth: int, peak: int, height: int, width: int
) -> None:
    rng = np.random.default_rng(1)
    plane = (rng.random((height, width)) * 100).astype(np.float32)
    ab = (rng.normal(size=(2, 14, 14)) * 25).astype(np.float32)
    whole = cv2.resize(ab.transpose(1, 2, 0).copy(), (width, height), interpolation=cv2.INTER_CUBIC)
    lab = np.dstack((plane, whole)).astype(np.float32)
    difference = np.abs(
        compose(Lightness(plane, None, depth), ab).astype(int) - np.rint(srgb_of(lab) * peak)
    )
    # Rounding decides on which side of the edge of sRGB a colour right at it lies.
    assert difference.max() <= max(1, peak / 1000)
    assert (difference > 0).mean() < 0.01


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((5, 7, 3), np.uint8), ((6, 6, 3), np.uint8), ((5, 6, 4), np.uint8), ((5, 6, 3), np.uint16)],
)
def test_a_result_of_another_shape_is_refused(shape: tuple[int, ...], dtype: type) -> None:
    source = lightness(gradient(5, 6))
    with pytest.raises(ValueError, match="another shape or depth"):
        compose(source, np.zeros((2, 4, 4), np.float32), np.zeros(shape, dtype))


def test_a_result_with_gaps_is_refused() -> None:
    wide = np.zeros((5, 12, 3), np.uint8)
    with pytest.raises(ValueError, match="or gaps"):
        compose(lightness(gradient(5, 6)), np.zeros((2, 4, 4), np.float32), wide[:, :6])


@pytest.mark.parametrize("depth", [8, 16])
def test_without_colour_the_image_comes_back(depth: int) -> None:
    grey = at_depth(np.arange(2**depth).reshape(256, -1), depth)
    back = compose(lightness(grey), np.zeros((2, 4, 4), np.float32))
    error = np.abs(back.astype(int) - grey[..., None]).max()
    assert error <= (0 if depth == 8 else 8)
