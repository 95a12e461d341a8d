"""How long a job waits for what may come back: a moment in its slot, else in the queue."""

import random
from collections.abc import Callable
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from core.errors import TransientError

T = TypeVar("T")
HICCUP = 1.0
"""Seconds that a job waits for storage in its slot; after that it waits in the queue."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0


def patiently(call: Callable[[], T]) -> T:
    """Call again for a moment while trying again can help."""
    retrying = Retrying(
        retry=retry_if_exception_type(TransientError),
        stop=stop_after_delay(HICCUP),
        wait=wait_random_exponential(multiplier=0.1, max=0.5),
        reraise=True,
    )
    return retrying(call)


def backoff(retries: int) -> float:
    """Return the seconds before the next try: exponential, with jitter, 0.5 to 30 s."""
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(retries, 30))
    return longest * random.uniform(0.5, 1)  # noqa: S311
