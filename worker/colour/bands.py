"""Working through an image in bands of rows that fit the cache, several at a time."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

import cv2

BAND_PIXELS = 128 * 1024
"""Fewer would not fit the cache better by much, and threads would wait for each other more."""
Work = Callable[[Iterator[slice]], None]
"""Called once in each thread, with the parts that are still to be done, which all threads share.

It makes its own buffers: fresh memory for every part would cost more than the arithmetic.
"""


def band_rows(height: int, width: int) -> int:
    """Return how many rows make a band, of about ``BAND_PIXELS``; at least one."""
    return max(1, min(height, BAND_PIXELS // width))


def each_band(height: int, width: int, work: Work) -> None:
    """Work on every band, in as many threads as OpenCV may use.

    NumPy and OpenCV let go of the interpreter while they compute. Raises what the work raises.
    """
    each_part(height, band_rows(height, width), work)


def each_part(total: int, most: int, work: Work) -> None:
    """Work on 0..``total`` in parts of at most ``most``, as ``each_band`` does."""
    parts = [slice(first, min(first + most, total)) for first in range(0, total, most)]
    threads = max(1, min(cv2.getNumThreads(), len(parts)))
    todo = iter(parts)

    def run() -> None:
        try:
            work(todo)
        except BaseException:
            # The others need not go on.
            deque(todo, maxlen=0)
            raise

    if threads == 1:
        run()
        return
    # This thread works, too: a kernel may wake two that wait on the core of one that goes to sleep.
    others = [_pool(threads - 1).submit(run) for _ in range(1, threads)]
    try:
        run()
    finally:
        wait(others)
    for other in others:
        other.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads that stay: OpenCV keeps some memory of every thread that ever called it."""
    return ThreadPoolExecutor(threads, "bands")


# Threads do not survive a fork.
os.register_at_fork(after_in_child=_pool.cache_clear)
