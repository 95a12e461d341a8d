import json

import pytest
from redis import Redis

from api.publisher import Publisher
from core.broker import QUEUES, celery_settings
from core.fleet.dead_letters import Unreadable
from core.jobs import JobStore
from core.settings import Settings
from tests.support.jobs import REQUEST
from tests.support.messages import POISON, message
from worker.messages import what_is_wrong


@pytest.mark.parametrize("text", POISON.values(), ids=POISON)
def test_what_cannot_be_worked_on_is_told(text: bytes) -> None:
    assert what_is_wrong(text)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("no JSON", Unreadable.NOT_A_MESSAGE),
        ("another task", Unreadable.UNKNOWN_TASK),
        ("two arguments", Unreadable.BAD_CONTENT),
    ],
)
def test_what_is_wrong_has_a_name(what: str, why: Unreadable) -> None:
    assert what_is_wrong(POISON[what]) is why


def test_what_later_versions_add_beside_is_no_harm() -> None:
    assert what_is_wrong(message(schema=7, traceparent="00-0-0-00")) is None


@pytest.mark.parametrize("seconds", [1, 120])
def test_a_workers_own_messages_have_its_time_limits(seconds: float) -> None:
    conf = celery_settings(Settings(job_timeout=seconds))
    limits = [conf["task_time_limit"], conf["task_soft_time_limit"]]
    assert what_is_wrong(message(timelimit=limits)) is None


def test_what_the_api_sends_is_what_is_expected(redis: Redis, redis_url: str) -> None:
    job, publisher = JobStore(redis).create(REQUEST), Publisher(Settings(redis_url=redis_url))
    publisher.publish(job)
    [sent] = redis.lrange(QUEUES[job.priority], 0, -1)
    assert what_is_wrong(sent) is None
    assert json.loads(sent)["headers"]["schema"] == 1
