from concurrent.futures import ThreadPoolExecutor

import pytest

from api.shares import Shares


@pytest.mark.parametrize(("most", "own"), [(1, 1), (2, 1), (3, 2), (16, 8)])
def test_one_owner_gets_half_and_the_others_the_rest(most: int, own: int) -> None:
    shares = Shares(most)
    assert [shares.take("ann") for _ in range(most + 1)] == [True] * own + [False] * (
        most + 1 - own
    )
    assert [shares.take("bob") for _ in range(most - own + 1)] == [True] * (most - own) + [False]
    shares.give("ann")
    assert shares.take("carol")


def test_without_keys_all_are_for_everybody() -> None:
    shares = Shares(3)
    assert [shares.take("") for _ in range(4)] == [True, True, True, False]


def test_what_is_given_back_leaves_nothing_behind() -> None:
    shares = Shares(8)
    for name in map(str, range(100)):
        assert shares.take(name)
        shares.give(name)
    assert not shares._held


def test_threads_never_hold_more_than_there_are() -> None:
    shares = Shares(10)
    with ThreadPoolExecutor(8) as pool:
        taken = [*pool.map(lambda n: shares.take(str(n % 4)), range(200))]
    assert sum(taken) == 10
