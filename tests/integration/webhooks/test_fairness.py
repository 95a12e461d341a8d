"""Many deliveries, and receivers that hang."""

from collections import Counter
from time import monotonic

import pytest
from redis import Redis

from core.jobs import Attempts, JobStore
from core.jobs.deliveries import DeliveryState
from core.settings import Settings
from tests.support import receivers
from tests.support.ended import succeeded
from tests.support.receivers import receiving
from tests.support.waiting import eventually
from tests.support.webhooks import sending, settled
from webhooks import sender


@pytest.fixture(autouse=True)
def shorter_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a live receiver may wait, and no longer than these tests must."""
    monkeypatch.setattr(sender, "TRY_SECONDS", 4.0)


def test_dead_receivers_do_not_delay_a_live_one(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    with receivers.silent() as dead, receiving() as live:
        # Loopback has many addresses: to the service, these are ten hosts.
        for number in range(100):
            succeeded(jobs, attempts, dead.replace("127.0.0.1", f"127.0.0.{2 + number % 10}"))
        with sending(settings):
            began = monotonic()
            settled(redis, succeeded(jobs, attempts, live.url), DeliveryState.DELIVERED)
            assert monotonic() - began < 3


def test_one_receiver_that_hangs_leaves_room_for_others(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    with receivers.silent() as dead, receiving() as live:
        other = live.url.replace("127.0.0.1", "localhost")
        for _ in range(300):
            succeeded(jobs, attempts, dead)
        with sending(settings):
            began = monotonic()
            settled(redis, succeeded(jobs, attempts, other), DeliveryState.DELIVERED)
            assert monotonic() - began < 3


def test_a_burst_to_one_receiver_arrives_whole_and_once(
    jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    with receiving() as receiver, sending(settings):
        made = {f"{succeeded(jobs, attempts, receiver.url).id}.1" for _ in range(300)}
        eventually(lambda: len(receiver.messages) >= len(made), 20, "the whole burst")
    assert Counter(each.headers["webhook-id"] for each in receiver.messages) == Counter(made)
