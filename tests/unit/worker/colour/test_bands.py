import multiprocessing
import warnings
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest

from worker.colour.bands import BAND_PIXELS, band_rows, each_band


@pytest.fixture(params=[1, 2, 5], autouse=True)
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 400_000), (1000, 777), (5, 2)])
def test_bands_cover_every_row_once(height: int, width: int) -> None:
    seen = np.zeros(height, int)
    longest = band_rows(height, width)

    def begin() -> Callable[[slice], None]:
        def work(rows: slice) -> None:
            assert 0 < rows.stop - rows.start <= longest
            seen[rows] += 1

        return work

    each_band(height, width, begin)
    assert (seen == 1).all()


def test_a_band_is_small_or_one_row() -> None:
    assert band_rows(10_000, 1000) * 1000 <= BAND_PIXELS
    assert band_rows(10, BAND_PIXELS * 3) == 1
    assert band_rows(7, 3) == 7


def test_each_thread_begins_once(threads: int) -> None:
    begun: list[int] = []

    def begin() -> Callable[[slice], None]:
        begun.append(1)
        return lambda _rows: None

    each_band(20 * band_rows(10**6, 1000), 1000, begin)
    assert len(begun) == threads


def test_what_the_work_raises_comes_out() -> None:
    def begin() -> Callable[[slice], None]:
        def work(rows: slice) -> None:
            if rows.start:
                raise ValueError("here")

        return work

    with pytest.raises(ValueError, match="here"):
        each_band(1000, 1000, begin)


def test_bands_work_again_after_a_fork() -> None:
    def begin() -> Callable[[slice], None]:
        return lambda _rows: None

    each_band(20 * band_rows(10**6, 1000), 1000, begin)
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        # Python 3.12 warns of what Celery's prefork pool does as well.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = context.Process(target=each_band, args=(5000, 1000, begin))
        child.start()
    child.join(20)
    try:
        assert child.exitcode == 0
    finally:
        child.kill()
