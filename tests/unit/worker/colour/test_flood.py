import heapq

import numpy as np
import pytest

from worker.colour.flood import FAR, distances


def dijkstra(start: tuple[int, int], down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The same, cell by cell."""
    found = np.full((down.shape[0] + 1, down.shape[1]), np.inf)
    queue = [(0.0, start)]
    while queue:
        cost, (y, x) = heapq.heappop(queue)
        if cost >= found[y, x]:
            continue
        found[y, x] = cost
        steps = {}
        if y + 1 < found.shape[0]:
            steps[y + 1, x] = down[y, x]
        if y > 0:
            steps[y - 1, x] = down[y - 1, x]
        if x + 1 < found.shape[1]:
            steps[y, x + 1] = right[y, x]
        if x > 0:
            steps[y, x - 1] = right[y, x - 1]
        for there, step in steps.items():
            heapq.heappush(queue, (cost + float(step), there))
    return np.minimum(found, FAR)


@pytest.mark.parametrize("seed", range(4))
def test_the_cheapest_ways_are_those_of_dijkstra(seed: int) -> None:
    rng = np.random.default_rng(seed)
    down = rng.exponential(0.2, (2, 19, 30)).astype(np.float32) + np.float32(0.01)
    right = rng.exponential(0.2, (2, 20, 29)).astype(np.float32) + np.float32(0.01)
    starts = [(3, 4), (15, 20)]
    places = [(slice(y, y + 1), slice(x, x + 1)) for y, x in starts]
    found = distances(places, down, right)
    for each, start, *costs in zip(found, starts, down, right, strict=True):
        assert each == pytest.approx(dijkstra(start, *costs), abs=0.1)
        assert np.abs(each - dijkstra(start, *costs)).mean() < 0.01


def test_a_wall_without_a_gap_keeps_the_flood_out() -> None:
    down = np.full((1, 19, 20), 0.01, np.float32)
    right = np.full((1, 20, 19), 0.01, np.float32)
    right[0, :, 9] = 1e6
    place = [(slice(5, 6), slice(2, 3))]
    assert (distances(place, down, right)[0, :, 10:] > FAR - 0.001).all()
    right[0, 19, 9] = 0.01
    assert (distances(place, down, right)[0, :, 10:] < 0.5).all()


def test_a_maze_is_walked_through() -> None:
    down = np.full((1, 14, 15), 1e6, np.float32)
    down[0, ::2, -1] = down[0, 1::2, 0] = 0.001
    right = np.full((1, 15, 14), 0.001, np.float32)
    found = distances([(slice(0, 1), slice(0, 1))], down, right)
    assert found[0, 14, 14] == pytest.approx(0.001 * (14 + 15 * 14), abs=0.01)
