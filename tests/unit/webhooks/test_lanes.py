from itertools import pairwise

from webhooks.lanes import AT_ONCE, LONGEST_WAIT, Lanes


def _fill(lanes: Lanes, receiver: str) -> None:
    assert [lanes.enter(receiver) for _ in range(AT_ONCE)] == [0] * AT_ONCE


def test_a_receiver_has_so_many_tries_at_once_and_others_have_their_own() -> None:
    lanes = Lanes()
    _fill(lanes, "slow")
    assert lanes.enter("slow") > 0
    assert lanes.enter("fast") == 0


def test_the_end_of_a_try_makes_room() -> None:
    lanes = Lanes()
    _fill(lanes, "slow")
    lanes.leave("slow", 1.0)
    assert lanes.enter("slow") == 0
    assert lanes.enter("slow") > 0


def test_those_that_wait_come_back_one_by_one_at_the_receivers_own_pace() -> None:
    lanes = Lanes()
    _fill(lanes, "slow")
    lanes.leave("slow", took=4.0)
    assert lanes.enter("slow") == 0
    waits = [lanes.enter("slow") for _ in range(5)]
    assert all(0.9 < later - earlier <= 1 for earlier, later in pairwise(waits))


def test_nobody_waits_longer_than_half_a_minute() -> None:
    lanes = Lanes()
    _fill(lanes, "hangs")
    lanes.leave("hangs", took=10.0)
    assert lanes.enter("hangs") == 0
    assert max(lanes.enter("hangs") for _ in range(1000)) <= LONGEST_WAIT
