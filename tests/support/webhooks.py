"""Running the service that sends webhooks, and what came of a delivery."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from core.jobs import Job
from core.jobs.deliveries import Delivery, DeliveryState
from core.settings import Settings
from tests.support.ended import only_delivery
from tests.support.waiting import eventually
from webhooks.service import Webhooks


@contextmanager
def sending(settings: Settings) -> Iterator[None]:
    """Run the service in a thread."""
    service = Webhooks(settings)
    thread = threading.Thread(target=service.run)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(30)
        assert not thread.is_alive()


@contextmanager
def process(settings: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the service as its users do."""
    command = [sys.executable, "-m", "cli.main", "webhooks"]
    environment = {**os.environ, **settings.as_environment()}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                running.kill()


def settled(redis: Redis, job: Job, state: DeliveryState, seconds: float = 20) -> Delivery:
    """Wait until the one delivery of a job has a state and a try."""

    def probe() -> Delivery | None:
        delivery = only_delivery(redis, job)
        return delivery if delivery.tries and delivery.state is state else None

    found = eventually(probe, seconds, what=f"a delivery that is {state}")
    assert found
    return found


def statuses(delivery: Delivery) -> list[int | None]:
    return [attempt.status for attempt in delivery.tries]
