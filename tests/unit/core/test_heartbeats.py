import pytest
from redis import Redis

from core import heartbeats
from core.heartbeats import Heartbeat
from tests.support.waiting import eventually


def test_a_process_that_cannot_say_what_it_does_is_alive_all_the_same(
    redis: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "INTERVAL", 0.01)
    asked = []

    def about() -> str:
        asked.append(1)
        raise ValueError("of a library")

    beats = Heartbeat(redis, about=about)
    beats.start()
    eventually(lambda: len(asked) > 2, 10, what="a third beat")
    assert heartbeats.alive_here(redis)
    assert len(caplog.records) == 1
    beats.stop()


def test_one_that_can_again_does(redis: Redis) -> None:
    answers = iter([ValueError(), "{}"])

    def about() -> str:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return str(answer)

    beats = Heartbeat(redis, about=about)
    said = []
    for _ in range(2):
        beats.beat()
        said.append(redis.get(heartbeats.beat_key(next(iter(heartbeats.alive(redis))))))
    assert said == [None, "{}"]
