"""When a delivery is tried again."""

import random

SPAN = 24 * 3600.0
"""Seconds after its creation in which a delivery is tried again."""
WAITS = (5, 60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, SPAN)
"""Seconds after each try; the last wait is cut to what is left, so the last try is near the end."""
JITTER = 0.1
"""Waits are shorter by up to this part: what failed at once need not come again at once."""


def next_wait(tries: int, age: float, at_least: float = 0) -> float | None:
    """Return the seconds until the next try, or None if the delivery is to be given up.

    ``tries`` is how many there were (1 or more), ``age`` the seconds since the delivery was
    created, ``at_least`` what the receiver asked for. A delivery that is tried after its time, or
    after all its tries, because someone asked for it or the service was away, is not tried again.
    """
    left = SPAN - age
    if tries > len(WAITS) or left <= 0:
        return None
    wait = min(WAITS[tries - 1], left) * random.uniform(1 - JITTER, 1)  # noqa: S311
    return max(wait, min(at_least, left))
