"""The cheapest ways over a grid from a place to every cell: a flood that edges hold up."""

from collections.abc import Sequence

import numpy as np

from worker.colour.decode import Array

FAR = np.float32(2.8)
"""Costs from here on are not told apart: nothing is heard that far."""
EXACT = np.float32(0.02)
ROUNDS = 40


def distances(places: Sequence[tuple[slice, slice]], down: Array, right: Array) -> Array:
    """Return what the cheapest way from each place costs, (n, h, w) in 0..2.8.

    ``down`` is (n, h - 1, w) and ``right`` (n, h, w - 1): the costs, above 0, of a step between
    neighbours, the same both ways. Whole rows and columns are swept at once until nothing
    changes by more than 0.02; after 40 rounds ways with more turns are cut short.
    """
    count, height, width = len(places), down.shape[1] + 1, right.shape[2] + 1
    found = np.full((count, height, width), FAR)
    for each, place in zip(found, places, strict=True):
        each[place] = 0
    # Sums of large costs would lose the small ones.
    along = [_along(np.minimum(cost, FAR), axis) for cost, axis in ((down, 1), (right, 2))]
    changing = np.arange(count)
    before = found
    for _ in range(ROUNDS):
        after = before
        for passed, axis in zip(along, (1, 2), strict=True):
            after = _sweep(after, passed, axis)
        more = (before - after).max(axis=(1, 2)) > EXACT
        found[changing] = after
        if not more.any():
            break
        changing, before = changing[more], after[more]
        along = [passed[more] for passed in along]
    return found


def _along(cost: Array, axis: int) -> Array:
    """Return what the straight way from the first cell of each row or column costs."""
    margin = [(0, 0)] * 3
    margin[axis] = (1, 0)
    return np.cumsum(np.pad(cost, margin), axis=axis, dtype=np.float32)


def _sweep(found: Array, passed: Array, axis: int) -> Array:
    """Return the distances with the ways along one axis, both directions."""
    onward = np.minimum.accumulate(found - passed, axis=axis) + passed
    back = np.flip(found + passed, axis)
    back = np.flip(np.minimum.accumulate(back, axis=axis), axis) - passed
    return np.asarray(np.minimum(found, np.minimum(onward, back)), np.float32)
