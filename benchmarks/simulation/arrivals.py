"""When jobs come: the seconds at which each is submitted."""

from collections.abc import Iterator
from random import Random


def poisson(rate: float, rng: Random) -> Iterator[float]:
    """Yield moments without end, ``rate`` in a second on average, each apart from the others."""
    now = 0.0
    while True:
        now += rng.expovariate(rate)
        yield now


def at_once(count: int) -> Iterator[float]:
    """Yield the beginning, for each of a whole batch."""
    return (0.0 for _ in range(count))


def bursts(rate: float, every: float, size: int, rng: Random) -> Iterator[float]:
    """Yield moments of a stream, and every so many seconds as many at once."""
    burst = every
    for moment in poisson(rate, rng):
        while burst <= moment:
            yield from (burst for _ in range(size))
            burst += every
        yield moment
