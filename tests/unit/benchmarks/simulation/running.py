"""Simulated services for tests."""

from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from typing import Any

from simpy import Environment

from benchmarks.simulation import Cores, Fleet, Shape, Work


def computing(*seconds: float) -> Sequence[Work]:
    """Jobs that do nothing but compute."""
    return [Work(0, each, 0, 0) for each in seconds]


def exponential(mean: float, number: int = 20_000) -> Sequence[Work]:
    """Jobs as a Markovian server has them."""
    rng = Random(7)
    return computing(*(rng.expovariate(1 / mean) for _ in range(number)))


def make_fleet(
    works: Sequence[Work], workers: int = 1, cores: float | None = None, **shape: Any
) -> Fleet:
    """A service whose workers are warm."""
    env = Environment()
    shared = None if cores is None else Cores(env, cores)
    fleet = Fleet(env, Shape(works, **shape), Random(3), shared)
    for _ in range(workers):
        fleet.add_worker(0)
    return fleet


def every(seconds: float) -> Iterator[float]:
    """Moments at equal distances."""
    return (number * seconds for number in count())
