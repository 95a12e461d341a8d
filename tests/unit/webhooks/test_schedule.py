from itertools import pairwise

import pytest

from webhooks.schedule import SPAN, WAITS, next_wait


def _ages() -> list[float]:
    """When a delivery that always fails at once is tried, in seconds after its creation."""
    ages = [0.0]
    while (wait := next_wait(len(ages), ages[-1])) is not None:
        ages.append(ages[-1] + wait)
    return ages


def test_a_dead_receiver_is_tried_nine_times_in_a_day() -> None:
    ages = _ages()
    assert len(ages) == len(WAITS) + 1 == 9
    assert 0.9 * SPAN < ages[-1] <= SPAN


def test_the_first_tries_come_soon_and_the_waits_grow() -> None:
    ages = _ages()
    waits = [later - earlier for earlier, later in pairwise(ages)]
    assert 4 < waits[0] <= 5
    assert waits[:-1] == sorted(waits[:-1])


def test_waits_differ_from_one_delivery_to_the_next() -> None:
    assert len({next_wait(3, 0) for _ in range(20)}) > 10


def test_a_receiver_may_ask_for_more_time_but_not_for_more_than_there_is() -> None:
    assert next_wait(1, 0, at_least=600) == 600
    assert next_wait(1, SPAN - 100, at_least=600) == 100
    assert next_wait(4, 0, at_least=1) == pytest.approx(30 * 60, rel=0.11)


@pytest.mark.parametrize("tries", [1, 5, 9])
def test_no_try_follows_one_that_came_after_the_end(tries: int) -> None:
    assert next_wait(tries, SPAN + 1) is None


def test_no_try_follows_the_last() -> None:
    assert next_wait(9, 10) is None
    assert next_wait(30, 10) is None


def test_every_try_is_within_the_day() -> None:
    for tries in range(1, 9):
        for age in (0, 1000, SPAN - 10, SPAN - 0.01):
            wait = next_wait(tries, age)
            assert wait is not None
            assert age + wait <= SPAN
