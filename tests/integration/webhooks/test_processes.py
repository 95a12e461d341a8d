"""``tintype webhooks`` as its users run it."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler

import pytest
from redis import Redis

from core.jobs import Attempts, JobStore
from core.jobs.deliveries import DeliveryState
from core.settings import Settings
from tests.support.ended import only_delivery, succeeded
from tests.support.receivers import receiving, status
from tests.support.waiting import eventually
from tests.support.webhooks import process, sending, settled, statuses


def test_two_services_share_the_work_and_send_nothing_twice(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    with receiving() as receiver:
        made = {f"{succeeded(jobs, attempts, receiver.url).id}.1" for _ in range(300)}
        with process(settings) as one, process(settings) as two:
            eventually(lambda: redis.zcard("{tintype}:webhooks") == 2, 30, "both services")
            eventually(lambda: redis.zcard("{tintype}:deliveries:due") == 0, 60, "the last one")
            for each in (one, two):
                each.send_signal(signal.SIGTERM)
            assert [one.wait(20), two.wait(20)] == [0, 0]
        assert redis.zcard("{tintype}:webhooks") == 0
    assert Counter(each.headers["webhook-id"] for each in receiver.messages) == Counter(made)


def test_a_service_that_is_told_to_stop_finishes_what_it_has_begun(
    redis: Redis, jobs: JobStore, attempts: Attempts, settings: Settings
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(handler: BaseHTTPRequestHandler, closing: threading.Event) -> None:
        asked.set()
        go_on.wait(20)
        status(200)(handler, closing)

    with receiving(slow) as receiver, process(settings) as running:
        job = succeeded(jobs, attempts, receiver.url)
        assert asked.wait(30)
        running.send_signal(signal.SIGTERM)
        late = succeeded(jobs, attempts, receiver.url)
        go_on.set()
        assert running.wait(15) == 0
    assert statuses(settled(redis, job, DeliveryState.DELIVERED)) == [200]
    assert not only_delivery(redis, late).tries


def _command(settings: Settings, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "webhooks", *words],
        env={**os.environ, **settings.as_environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("secret", [None, "hush", "whsec_short"])
def test_without_a_secret_that_can_be_read_nothing_starts(secret: str | None) -> None:
    done = _command(Settings(webhook_secret=secret))
    assert done.returncode == 1
    assert done.stderr.startswith("tintype: invalid_setting: TINTYPE_WEBHOOK_SECRET")
    assert "hush" not in done.stderr


@pytest.mark.usefixtures("redis")
def test_a_health_check_finds_the_service(settings: Settings) -> None:
    assert _command(settings, "--alive").returncode == 1
    with sending(settings):
        eventually(lambda: _command(settings, "--alive").returncode == 0, 30, "a heartbeat")
