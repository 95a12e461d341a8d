import cv2
import numpy as np
import pytest

from tests.support.images import gradient
from worker.images import Photo, encode
from worker.images.intervals import Intervals
from worker.images.jpeg import PART_PIXELS

RGB = np.dstack([gradient(101, 150, seed=seed) for seed in range(3)])


def test_blocks_of_a_jpeg_are_decoded_as_in_the_whole() -> None:
    data = encode(Photo(RGB, None, "jpeg"), "jpeg")
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    blocks = [0, 2, 3, 6]
    part = cv2.imdecode(np.frombuffer(Intervals(data).excerpt(blocks), np.uint8), cv2.IMREAD_COLOR)
    assert whole is not None
    assert part is not None
    for at, block in enumerate(blocks):
        rows = slice(16 * block + 1, min(16 * block + 15, 101))
        length = rows.stop - rows.start
        assert np.array_equal(part[16 * at + 1 : 16 * at + 1 + length], whole[rows])


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize(
    "shape", [(1, 1), (128, 20), (129, 20), (1000, 33), (1, PART_PIXELS // 16), (900, 700)]
)
def test_parts_are_joined_to_the_file_that_one_pass_writes(
    shape: tuple[int, int], threads: int
) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    interval = [cv2.IMWRITE_JPEG_RST_INTERVAL, -(-shape[1] // 16)]
    _, whole = cv2.imencode(
        ".jpg", rgb[..., ::-1].copy(), [*interval, cv2.IMWRITE_JPEG_QUALITY, 90]
    )
    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    try:
        assert encode(Photo(rgb, None, "jpeg"), "jpeg", 90) == whole.tobytes()
    finally:
        cv2.setNumThreads(before)
