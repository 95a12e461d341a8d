"""What the tests of webhooks share."""

import base64

import pytest
from redis import Redis

from core.batches import BatchStore
from core.jobs import Attempts, JobStore
from core.jobs.deliveries import Delivery
from core.webhook_urls import parse_networks
from tests.support.ended import delivery_grows_old, only_delivery, succeeded
from webhooks.sender import Outcome, Sender
from webhooks.signature import Signer

KEY = b"k" * 32
SIGNER = Signer("whsec_" + base64.b64encode(KEY).decode())
LOOPBACK = "127.0.0.0/8, ::1"


class Sending:
    """Sends one delivery after another, each of a job of its own."""

    def __init__(self, redis: Redis, jobs: JobStore, attempts: Attempts) -> None:
        self._redis, self._jobs, self._attempts = redis, jobs, attempts

    def delivery(self, url: str) -> Delivery:
        return only_delivery(self._redis, succeeded(self._jobs, self._attempts, url))

    def old(self, url: str, hours: float) -> Delivery:
        delivery = self.delivery(url)
        delivery_grows_old(self._redis, delivery, hours)
        return only_delivery(self._redis, self._jobs.get(delivery.job or ""))

    def send(self, delivery: Delivery, allow: str = LOOPBACK) -> Outcome:
        return Sender(self._jobs, BatchStore(self._redis), SIGNER, parse_networks(allow)).deliver(
            delivery
        )

    def to(self, url: str, allow: str = LOOPBACK) -> Outcome:
        return self.send(self.delivery(url), allow)


@pytest.fixture
def sending(redis: Redis, jobs: JobStore, attempts: Attempts) -> Sending:
    """A sender, and jobs for it to tell of."""
    return Sending(redis, jobs, attempts)
