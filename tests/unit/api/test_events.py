"""Server-Sent Events, read as a client reads them."""

import json
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from redis import Redis

from api import streams
from api.app import create_app
from api.services import EXTENSION
from core.jobs import Attempts, JobRequest, JobStore, Stage
from core.objects import ObjectRef
from core.settings import Settings
from tests.support.jobs import PROBLEM, started
from tests.support.waiting import eventually
from tests.unit.api.conftest import Finish

REQUEST = JobRequest(source=ObjectRef(bucket="tintype", key="photos/a.jpg"))


class Frame(NamedTuple):
    id: str
    event: str
    data: Any


def frames(text: str) -> list[Frame]:
    """The events of a stream, as the standard says: blocks of fields, without comments."""
    found = []
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith(":")]
        fields = dict(line.split(": ", 1) for line in lines)
        if "data" in fields:
            found.append(Frame(fields["id"], fields["event"], json.loads(fields["data"])))
    return found


def follow(client: FlaskClient, path: str, last_id: str | None = None) -> list[Frame]:
    """Follow a stream to its end."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    assert answer.content_type == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    return frames(answer.text)


def live(client: FlaskClient, path: str, last_id: str | None = None) -> Generator[Frame]:
    """Read a stream as it comes."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    with client.get(path, headers=headers, buffered=False) as answer:
        for chunk in answer.iter_encoded():
            yield from frames(chunk.decode())


def test_a_job_is_followed_to_its_end(
    client: FlaskClient, jobs: JobStore, attempts: Attempts
) -> None:
    job = jobs.create(REQUEST)
    other = jobs.create(REQUEST)
    stream = live(client, f"/v1/jobs/{job.id}/events")
    assert next(stream).event == "snapshot"
    attempt = started(attempts, job.id)
    started(attempts, other.id)
    attempts.enter(attempt, Stage.INFER)
    attempts.fail(attempt, PROBLEM)
    seen = list(stream)
    assert [frame.event for frame in seen] == ["job.running", "job.running", "job.failed"]
    assert seen[-1].data["error"] == {"code": PROBLEM.code}
    assert {frame.data["id"] for frame in seen} == {job.id}


def test_a_cut_stream_goes_on_without_a_gap(
    client: FlaskClient, jobs: JobStore, attempts: Attempts, finish: Finish
) -> None:
    job = jobs.create(REQUEST)
    stream = live(client, f"/v1/jobs/{job.id}/events")
    first = next(stream)
    assert (first.event, first.data["state"]) == ("snapshot", "queued")
    attempt = started(attempts, job.id)
    assert next(stream).data["stage"] == "fetch"
    attempts.enter(attempt, Stage.INFER)
    seen = next(stream)
    stream.close()
    attempts.enter(attempt, Stage.STORE)
    attempts.give_back(attempt)
    finish(job.id, b"colour")
    rest = follow(client, f"/v1/jobs/{job.id}/events", seen.id)
    told = [(frame.event, frame.data.get("stage"), frame.data["attempt"]) for frame in rest]
    assert told == [
        ("job.running", "store", 1),
        ("job.queued", None, 1),
        ("job.running", "fetch", 2),
        ("job.succeeded", None, 2),
    ]
    # Whoever has seen the end need not come back.
    path, last = f"/v1/jobs/{job.id}/events", {"Last-Event-ID": rest[-1].id}
    for _ in range(20):
        assert client.get(path, headers=last).status_code == 204


def test_an_ended_job_is_told_at_once(client: FlaskClient, jobs: JobStore, finish: Finish) -> None:
    job = jobs.create(REQUEST)
    finish(job.id, b"colour")
    [snapshot] = follow(client, f"/v1/jobs/{job.id}/events")
    assert (snapshot.event, snapshot.data["state"]) == ("snapshot", "succeeded")
    assert snapshot.data == client.get(f"/v1/jobs/{job.id}").json


def test_all_jobs_are_followed_in_one_stream(client: FlaskClient, jobs: JobStore) -> None:
    before = jobs.create(REQUEST)
    stream = live(client, "/v1/events")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(next, stream)
        ids: list[str] = []

        def arrived() -> bool:
            ids.append(jobs.create(REQUEST).id)
            return first.done()

        eventually(arrived, what="the first event")
    assert first.result().data["id"] in ids
    assert before.id not in ids
    stream.close()


def test_a_client_that_was_away_too_long_is_told_so(
    client: FlaskClient, jobs: JobStore, redis: Redis
) -> None:
    job = jobs.create(REQUEST)
    jobs.cancel(job.id)
    redis.xtrim("{tintype}:events", maxlen=1, approximate=False)
    [snapshot] = follow(client, f"/v1/jobs/{job.id}/events", "1-1")
    assert (snapshot.event, snapshot.data["state"]) == ("snapshot", "canceled")
    [snapshot] = follow(client, f"/v1/jobs/{job.id}/events", "9999999999999-0")
    assert snapshot.event == "snapshot"
    stream = live(client, "/v1/events", "1-1")
    assert next(stream).event == "gap"
    stream.close()


@pytest.mark.parametrize(
    "last_id", ["x", "1", "1-", "-1", "1-x", "$", "+", "²-1", "9" * 30 + "-1" + "0" * 20]
)
def test_an_id_that_no_event_has_is_refused(client: FlaskClient, last_id: str) -> None:
    answer = client.get("/v1/events", headers={"Last-Event-ID": last_id.encode()})
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "invalid_cursor"


def test_an_unknown_job_has_no_events(client: FlaskClient) -> None:
    assert client.get("/v1/jobs/0198c0de-0000-7000-8000-000000000000/events").status_code == 404


def test_only_so_many_streams_are_open(settings: Settings, jobs: JobStore) -> None:
    app = create_app(settings.model_copy(update={"api_threads": 8}))
    client, job = app.test_client(), jobs.create(REQUEST)
    path = f"/v1/jobs/{job.id}/events"
    open_ones = [live(app.test_client(), path) for _ in range(2)]
    for stream in open_ones:
        next(stream)
    answer = client.get(path)
    assert (answer.status_code, answer.json and answer.json["code"]) == (503, "too_many_streams")
    assert int(answer.headers["Retry-After"]) > 0
    for bad in ("/v1/jobs/nobody/events", path):
        client.get(bad, headers={"Last-Event-ID": "x"})
    jobs.cancel(job.id)
    assert [list(stream)[-1].event for stream in open_ones] == ["job.canceled"] * 2
    assert [frame.event for frame in follow(client, path)] == ["snapshot"]


def test_a_quiet_stream_gives_signs_of_life(
    client: FlaskClient, jobs: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    job = jobs.create(REQUEST)
    chunks = client.get(f"/v1/jobs/{job.id}/events", buffered=False).iter_encoded()
    assert any(chunk.startswith(b":") for chunk, _ in zip(chunks, range(5), strict=False))


def test_a_stream_ends_when_redis_goes_away_and_the_client_comes_back(
    settings: Settings, jobs: JobStore, redis: Redis
) -> None:
    job = jobs.create(REQUEST)
    client = create_app(settings).test_client()
    chunks = client.get(f"/v1/jobs/{job.id}/events", buffered=False).iter_encoded()
    assert b"retry: 2000" in next(chunks)
    redis.rename("{tintype}:events", "elsewhere")
    redis.set("{tintype}:events", "not a stream")
    assert list(chunks) == []


def test_streams_end_when_the_process_stops(settings: Settings, jobs: JobStore) -> None:
    app = create_app(settings)
    stream = live(app.test_client(), f"/v1/jobs/{jobs.create(REQUEST).id}/events")
    next(stream)
    app.extensions[EXTENSION].streams.closing = True
    assert list(stream) == []
