import pytest

from worker.colour.input_shape import MULTIPLE, Fit, input_shape


@pytest.mark.parametrize("shape", [(1, 1), (300, 400), (4000, 100)])
def test_a_square_is_a_square(shape: tuple[int, int]) -> None:
    assert input_shape(shape, 224) == (224, 224)
    assert input_shape(shape, 230, "square") == (230, 230)


@pytest.mark.parametrize(
    ("fit", "expected"),
    [("longer", (160, 224)), ("area", (192, 272)), ("shorter", (224, 320))],
)
def test_the_proportions_stay(fit: Fit, expected: tuple[int, int]) -> None:
    assert input_shape((2000, 2800), 224, fit) == expected
    assert input_shape((2800, 2000), 224, fit) == expected[::-1]


@pytest.mark.parametrize("fit", ["longer", "area", "shorter"])
@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (1, 1), (333, 334), (50, 1000)])
def test_any_image_gives_an_input_that_a_network_takes(fit: Fit, shape: tuple[int, int]) -> None:
    height, width = input_shape(shape, 448, fit)
    assert height % MULTIPLE == width % MULTIPLE == 0
    assert min(height, width) >= MULTIPLE
    assert max(height, width) <= 4 * 448
