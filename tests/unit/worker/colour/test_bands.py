import multiprocessing
import warnings
from collections import deque
from collections.abc import Iterator
from threading import Event

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

    def work(bands: Iterator[slice]) -> None:
        for rows in bands:
            assert 0 < rows.stop - rows.start <= longest
            seen[rows] += 1

    each_band(height, width, work)
    assert (seen == 1).all()


def test_a_band_is_small_or_one_row() -> None:
    assert band_rows(10_000, 1000) * 1000 <= BAND_PIXELS
    assert band_rows(10, BAND_PIXELS * 3) == 1
    assert band_rows(7, 3) == 7


def test_each_thread_is_asked_once(threads: int) -> None:
    asked: list[int] = []

    def work(bands: Iterator[slice]) -> None:
        asked.append(1)
        deque(bands, maxlen=0)

    each_band(20 * band_rows(10**6, 1000), 1000, work)
    assert len(asked) == threads


def test_what_the_work_raises_comes_out() -> None:
    def work(bands: Iterator[slice]) -> None:
        for rows in bands:
            if rows.start:
                raise ValueError("here")

    with pytest.raises(ValueError, match="here"):
        each_band(1000, 1000, work)


def test_the_others_end_early_where_one_fails(threads: int) -> None:
    count, done, others, failing = 1000, [], Event(), Event()

    def work(bands: Iterator[slice]) -> None:
        for rows in bands:
            if rows.start == 0:
                # Another has a band in hand.
                assert threads == 1 or others.wait(20)
                failing.set()
                raise ValueError("here")
            others.set()
            assert failing.wait(20)
            done.append(rows)

    with pytest.raises(ValueError, match="here"):
        # A band is one row.
        each_band(count, BAND_PIXELS, work)
    assert (threads > 1) <= len(done) < count - 1


def test_bands_work_again_after_a_fork() -> None:
    def work(bands: Iterator[slice]) -> None:
        deque(bands, maxlen=0)

    each_band(20 * band_rows(10**6, 1000), 1000, work)
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        # Python 3.12 warns of what Celery's prefork pool does as well.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = context.Process(target=each_band, args=(5000, 1000, work))
        child.start()
    child.join(20)
    try:
        assert child.exitcode == 0
    finally:
        child.kill()
