"""Working through an image in bands of rows that fit the cache, several at a time."""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

import cv2

BAND_PIXELS = 128 * 1024
"""Of a band, or nearly so. Threads take turns between calls: with few of them, they wait less."""
Work = Callable[[slice], None]


def band_rows(height: int, width: int) -> int:
    """Return how many rows make a band, at least one; no thread has a band more than another."""
    threads = max(1, cv2.getNumThreads())
    turns = math.ceil(height * width / (BAND_PIXELS * threads))
    return math.ceil(height / (turns * threads))


def each_band(height: int, width: int, begin: Callable[[], Work]) -> None:
    """Work on every band, in as many threads as OpenCV may use.

    ``begin`` is called once in each thread and returns what does the work, with buffers of its
    own: fresh memory for every band would cost more than the arithmetic. NumPy and OpenCV let
    go of the interpreter while they compute. Raises what the work raises.
    """
    each_part(height, band_rows(height, width), begin)


def each_part(total: int, most: int, begin: Callable[[], Work]) -> None:
    """Work on 0..``total`` in parts of at most ``most``, as ``each_band`` does."""
    todo = [slice(first, min(first + most, total)) for first in range(0, total, most)]
    threads = max(1, min(cv2.getNumThreads(), len(todo)))

    def run(first: int) -> None:
        work = begin()
        for rows in todo[first::threads]:
            work(rows)

    if threads == 1:
        run(0)
        return
    # This thread works, too: a kernel may wake two that wait on the core of one that goes to sleep.
    parts = [_pool(threads - 1).submit(run, first) for first in range(1, threads)]
    try:
        run(0)
    finally:
        wait(parts)
    for part in parts:
        part.result()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return threads that stay: OpenCV keeps some memory of every thread that ever called it."""
    return ThreadPoolExecutor(threads, "bands")


# Threads do not survive a fork.
os.register_at_fork(after_in_child=_pool.cache_clear)
