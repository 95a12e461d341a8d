"""Tests of what a process counts: others in the same process have counted before them."""

import threading

from core.metrics.totals import PENDING


def all_flushed() -> None:
    """Wait until nobody flushes any more."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join()


def count_from_zero() -> None:
    """Wait until nobody flushes any more, and forget what is pending."""
    all_flushed()
    PENDING.clear()
