import numpy as np
import pytest

from core.formats import OutputFormat
from tests.support.images import gradient
from worker.colour import lightness, sample
from worker.images import Photo, decode, encode, reader


@pytest.mark.parametrize("shape", [(101, 150), (1, 1), (16, 16), (17, 3000), (3000, 17)])
@pytest.mark.parametrize("format", ["jpeg", "webp", "avif"])
def test_every_row_is_the_one_that_a_decoder_gives(
    format: OutputFormat, shape: tuple[int, int]
) -> None:
    rgb = np.dstack([gradient(*shape, seed=seed) for seed in range(3)])
    data = encode(Photo(rgb, None, format), format)
    strips = sample(lightness(rgb)).strips
    read = reader(data, strips, shape)
    whole = decode(data, 10**6).pixels
    assert strips[0].start == 0
    assert strips[-1].stop == shape[0]
    for rows in strips:
        assert np.array_equal(read(rows), whole[rows])


@pytest.mark.parametrize("shape", [(3000, 4000), (16, 100_000), (1, 600_000), (40, 30_000)])
def test_a_sample_is_small_and_has_something(shape: tuple[int, int]) -> None:
    strips = sample(lightness(np.zeros(shape, np.uint8))).strips
    rows = sum(strip.stop - strip.start for strip in strips)
    assert 0 < rows <= max(8, 600_000 // shape[1])
    assert all(0 <= strip.start < strip.stop <= shape[0] for strip in strips)


def test_the_tallest_jpeg_can_be_read() -> None:
    rgb = np.dstack([gradient(65_500, 8, seed=seed) for seed in range(3)])
    data = encode(Photo(rgb, None, "jpeg"), "jpeg")
    strips = sample(lightness(rgb), whole=True).strips
    read = reader(data, strips, rgb.shape[:2])
    assert np.array_equal(read(strips[-1]), decode(data, 10**6).pixels[strips[-1]])
