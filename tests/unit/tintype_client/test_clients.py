"""Both clients against a server that gives prepared answers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx_sse import ServerSentEvent

from tests.support.clients import KINDS, Kind, open_client
from tests.support.scripted_api import Reply, ScriptedApi, problem, record, scripted, stream
from tintype_client import (
    AsyncClient,
    Client,
    TintypeApiError,
    TintypeConnectionError,
    WaitTimeout,
    job_calls,
)
from tintype_client.following import Following

JOB: dict[str, Any] = {
    "id": "job-1",
    "state": "running",
    "attempt": 1,
    "source": {"bucket": "photos", "key": "a.jpg"},
    "created": "2026-11-25T01:00:00.000Z",
}
ENDED = JOB | {"state": "succeeded", "finished": "2026-11-25T01:00:01.000Z"}
BUSY = problem(503, "queue_unavailable", Retry_After="0")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@contextmanager
def talking(kind: Kind, *replies: Reply, **arguments: Any) -> Iterator[tuple[Client, ScriptedApi]]:
    """A client and a server with a script."""
    arguments = {"patience": 20, "longest_pause": 0.05} | arguments
    with scripted(*replies) as api, open_client(kind, api.url, **arguments) as client:
        yield client, api


def test_both_clients_have_the_same_methods() -> None:
    public = {name for name in vars(Client) if not name.startswith("_")}
    others = {name for name in vars(AsyncClient) if not name.startswith("_")}
    assert public - {"close"} == others - {"aclose"}


def test_a_busy_api_is_asked_again_with_the_same_key(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"photograph")
    replies = (BUSY, Reply(502, b"<html>"), Reply(200, b"{", cut=True), record(JOB, 202))
    with talking(kind, *replies) as (client, api):
        assert client.submit(tmp_path / "a.jpg").id == "job-1"
    assert len(api.asked) == 4
    assert len({asked.headers["idempotency-key"] for asked in api.asked}) == 1
    assert all(b"photograph" in asked.body for asked in api.asked)


def test_retry_after_is_honoured(kind: Kind) -> None:
    with talking(kind, problem(429, "queue_full", Retry_After="1"), record(JOB)) as (client, _):
        began = time.monotonic()
        client.cancel("job-1")
        assert time.monotonic() - began >= 1


def test_an_error_is_not_asked_for_twice(kind: Kind) -> None:
    with talking(kind, problem(409, "wrong_state")) as (client, api):
        with pytest.raises(TintypeApiError) as raised:
            client.retry("job-1")
        assert (raised.value.status, raised.value.code) == (409, "wrong_state")
        assert len(api.asked) == 1


def test_patience_ends(kind: Kind) -> None:
    with talking(kind, BUSY, patience=0.3) as (client, api):
        with pytest.raises(TintypeApiError, match="queue_unavailable"):
            client.job("job-1")
        assert len(api.asked) > 1


def test_an_api_that_is_not_there_is_named(kind: Kind, closed_port: int) -> None:
    url = f"http://127.0.0.1:{closed_port}"
    with (
        open_client(kind, url, patience=0) as client,
        pytest.raises(TintypeConnectionError, match=url),
    ):
        client.job("job-1")


def test_a_password_in_the_address_is_not_shown(kind: Kind, closed_port: int) -> None:
    with (
        open_client(kind, f"http://me:secret@127.0.0.1:{closed_port}", patience=0) as client,
        pytest.raises(TintypeConnectionError, match=f"//127.0.0.1:{closed_port}/v1/jobs/job-1"),
    ):
        client.job("job-1")


def test_a_token_and_the_clients_name_are_sent(kind: Kind) -> None:
    with talking(kind, record(JOB), token="t0ken") as (client, api):
        client.job("job-1")
    assert api.asked[0].headers["authorization"] == "Bearer t0ken"
    assert api.asked[0].headers["user-agent"] == "tintype-client"


def test_the_address_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted(record(JOB)) as api:
        monkeypatch.setenv("TINTYPE_API", api.url)
        with Client() as client:
            assert client.job("job-1").id == "job-1"


def test_a_listing_goes_through_its_pages(kind: Kind) -> None:
    pages: list[dict[str, Any]]
    pages = [{"jobs": [JOB, JOB], "next": "c&2"}, {"jobs": [ENDED], "next": None}]
    with talking(kind, *[record(page) for page in pages]) as (client, api):
        found = list(client.jobs(state="failed", code="timeout"))
    assert [job.state for job in found] == ["running", "running", "succeeded"]
    assert [asked.path for asked in api.asked] == [
        "/v1/jobs?state=failed&code=timeout",
        "/v1/jobs?state=failed&code=timeout&cursor=c%262",
    ]


def test_waiting_goes_on_until_the_end(kind: Kind) -> None:
    with talking(kind, record(JOB), record(JOB), BUSY, record(ENDED)) as (client, api):
        assert client.wait(client.job("job-1")).state == "succeeded"
    assert [asked.headers.get("prefer") for asked in api.asked] == [None] + ["wait=60"] * 3


@pytest.mark.parametrize("reply", [record(JOB), BUSY], ids=["running", "away"])
def test_waiting_ends_with_its_time(kind: Kind, reply: Reply) -> None:
    with talking(kind, record(JOB), reply) as (client, _):
        job = client.job("job-1")
        began = time.monotonic()
        with pytest.raises(WaitTimeout, match=r"job job-1 has not ended in 0\.6 s"):
            client.wait(job, 0.6)
        assert time.monotonic() - began < 5


def test_a_download_is_there_whole_or_not_at_all(kind: Kind, tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    with talking(kind, Reply(200, b"half", cut=True), Reply(200, b"whole")) as (client, api):
        assert client.download("job-1", target) == target
        assert len(api.asked) == 2
    assert target.read_bytes() == b"whole"
    with (
        talking(kind, problem(409, "conflict")) as (client, _),
        pytest.raises(TintypeApiError, match="told so"),
    ):
        client.download("job-1", target)
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]
    assert target.read_bytes() == b"whole"


def test_a_download_may_have_any_name_that_a_file_may_have(kind: Kind, tmp_path: Path) -> None:
    with talking(kind, Reply(200, b"in colour")) as (client, _):
        path = client.download("job-1", tmp_path / ("a" * 255))
    assert path.read_bytes() == b"in colour"


def frame(number: int, state: str, **more: str) -> str:
    fields = "".join(f', "{name}": "{value}"' for name, value in more.items())
    data = f'{{"id": "job-1", "state": "{state}"{fields}}}'
    return f"id: {number}-0\nevent: job.{state}\ndata: {data}\n\n"


START = "retry: 50\nid: 1-0\n\n: still here\n\n"


def test_events_go_on_where_a_stream_was_cut(kind: Kind) -> None:
    first = START + frame(2, "running", stage="fetch") + frame(3, "running", stage="infer")
    # The fourth event was cut off in the middle: it does not count.
    cut = Reply(
        200, (first + "id: 4-0\nevent: x\nda").encode(), {"Content-Type": "text/event-stream"}, True
    )
    last = stream(frame(4, "running", stage="store") + frame(5, "succeeded"))
    with talking(kind, cut, BUSY, stream(""), last) as (client, api):
        events = list(client.iter_events("job-1"))
    assert [event.id for event in events] == ["2-0", "3-0", "4-0", "5-0"]
    assert [event.stage for event in events] == ["fetch", "infer", "store", None]
    assert {event.job_id for event in events} == {"job-1"}
    assert events[-1].ended
    seen = [asked.headers.get("last-event-id") for asked in api.asked]
    assert seen == [None, "3-0", "3-0", "3-0"]


def test_a_snapshot_is_the_whole_job(kind: Kind) -> None:
    data = record(ENDED).body.decode()
    text = f"{START}id: 1-0\nevent: snapshot\ndata: {data}\n\n"
    with talking(kind, stream(text)) as (client, api):
        [event] = client.iter_events("job-1")
    assert (event.type, event.state, event.job_id) == ("snapshot", "succeeded", "job-1")
    assert event.job is not None
    assert event.job.source.key == "a.jpg"
    assert len(api.asked) == 1


@pytest.mark.parametrize("asked", ["9" * 400, "-5"])
def test_an_odd_pause_between_streams_is_none(asked: str) -> None:
    following = Following(job_calls.events("job-1"), None)
    following.take(ServerSentEvent(retry=int(asked)))
    assert 0 <= following.pause <= 60


def test_whoever_has_seen_the_end_is_done(kind: Kind) -> None:
    with talking(kind, Reply(204)) as (client, api):
        assert list(client.iter_events("job-1", last_event_id="9-0")) == []
    assert api.asked[0].headers["last-event-id"] == "9-0"


def test_a_gap_is_told_and_the_stream_of_all_goes_on(kind: Kind) -> None:
    gap = 'id: 7-0\nevent: gap\ndata: {"detail": "events were missed"}\n\n'
    replies = (stream(START + gap + frame(8, "failed")), stream(frame(9, "succeeded")))
    with talking(kind, *replies) as (client, _):
        events = client.iter_events()
        found = [next(events) for _ in range(3)]
    assert [event.type for event in found] == ["gap", "job.failed", "job.succeeded"]
    assert (found[0].job_id, found[0].detail) == (None, "events were missed")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (problem(404, "job_not_found"), "job_not_found"),
        (Reply(200, b"<html>", {"Content-Type": "text/html"}), "unexpected_answer"),
        (stream("event: job.running\ndata: {\n\n"), "unexpected_answer"),
        (stream("data: " + "[" * 100_000 + "\n\n"), "unexpected_answer"),
        (stream("id: é\nevent: job.running\ndata: {}\n\n"), "unexpected_answer"),
        (Reply(302, b"moved", {"Location": "https://example.org/"}), "http_302"),
    ],
    ids=["no job", "a page", "no JSON", "deep JSON", "an odd id", "a redirect"],
)
def test_what_is_no_stream_is_an_error(kind: Kind, reply: Reply, code: str) -> None:
    with talking(kind, reply) as (client, api):
        with pytest.raises(TintypeApiError) as raised:
            list(client.iter_events("job-1"))
        assert raised.value.code == code
        assert len(api.asked) == 1
