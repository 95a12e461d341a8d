import os
import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Timer

import pytest
from redis import Redis
from redis.exceptions import RedisError

from core.metrics import totals
from core.metrics.totals import PENDING, TOTALS, Flusher, Tally
from core.namespace import key
from core.redis_client import connect
from tests.support.counting import all_flushed, count_from_zero


def test_what_was_counted_is_added_once(redis: Redis) -> None:
    tally = Tally()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(100):
            pool.submit(tally.add, {"a": 1, "b:c": 2})
    tally.flush(redis)
    tally.flush(redis)
    assert redis.hmget(key(TOTALS), "a", "b:c") == ["100", "200"]


def test_what_cannot_be_added_is_added_later(redis: Redis, closed_port: int) -> None:
    tally = Tally()
    tally.add({"a": 1})
    with (
        connect(f"redis://127.0.0.1:{closed_port}/0", patience=0.1) as away,
        pytest.raises(RedisError),
    ):
        tally.flush(away)
    tally.add({"a": 1})
    tally.flush(redis)
    assert redis.hget(key(TOTALS), "a") == "2"


def test_many_calls_make_one_thread(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "SOON", 0.05)
    all_flushed()
    tally = Tally()
    flusher = Flusher(redis, tally)
    for count in (1, 2):
        for _ in range(50):
            tally.add({"a": 1})
            flusher.soon()
        assert sum(isinstance(thread, Timer) for thread in threading.enumerate()) <= 2
        all_flushed()
        assert redis.hget(key(TOTALS), "a") == str(50 * count)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # other tests left threads
def test_a_fork_starts_with_nothing(redis: Redis) -> None:
    count_from_zero()
    PENDING.add({"parent": 1})
    pid = os.fork()
    if pid == 0:
        os._exit(len(PENDING.take()))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    PENDING.flush(redis)
    assert redis.hget(key(TOTALS), "parent") == "1"
