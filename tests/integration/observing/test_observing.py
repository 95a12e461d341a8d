"""One job, followed from its client's request to its last span and line."""

import json
import logging
from collections.abc import Iterable
from typing import Any

from core.batches import Batch
from core.jobs import Job, State
from core.jobs.traces import own_trace
from tests.integration.observing.conftest import CLIENT, Seen
from tests.support.images import encoded, gradient
from tests.support.otlp import Told
from tests.support.receivers import receiving
from tests.support.waiting import eventually

STAGES = ("fetch", "decode", "infer", "compose", "encode", "store")
PHOTO = encoded(gradient())


def noisy() -> bytes:
    """A JPEG of which libjpeg says something past all loggers."""
    assert PHOTO.endswith(b"\xff\xd9")
    return PHOTO[:-2] + b"\x01" * 5 + PHOTO[-2:]


def names(spans: Iterable[Told], parent: Told) -> list[str]:
    return [each.name for each in spans if each.parent_id == parent.span_id]


def lines(seen: Seen, part: str) -> list[dict[str, Any]]:
    text = (seen.service.data / "logs" / f"{part}.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


def submit(seen: Seen, key: str, data: bytes, **more: Any) -> Job:
    source = seen.service.put(key, data)
    order = {"source": source.model_dump(), **more}
    return seen.service.submit(order, **CLIENT.headers)


def test_one_trace_from_the_client_to_storage_and_to_the_receiver(seen: Seen) -> None:
    with receiving() as receiver:
        job = submit(seen, "a.jpg", PHOTO, webhook={"url": f"{receiver.url}?token=hush"})
        assert seen.end(job).state is State.SUCCEEDED
        (attempt,) = seen.attempts(CLIENT.trace_id, 1)
        eventually(lambda: seen.collector.of(CLIENT.trace_id, "POST webhook"), what="the delivery")
    spans = seen.collector.of(CLIENT.trace_id)
    (request,) = seen.collector.of(CLIENT.trace_id, "POST /v1/jobs")
    (sent,) = seen.collector.of(CLIENT.trace_id, "send tintype.normal")
    (delivery,) = seen.collector.of(CLIENT.trace_id, "POST webhook")
    assert (request.parent_id, request.kind) == (CLIENT.span_id, "server")
    assert request.about["http.response.status_code"] == 202
    assert "EVALSHA create" in names(spans, request)
    assert (sent.parent_id, sent.kind) == (request.span_id, "producer")
    assert (attempt.parent_id, attempt.kind) == (sent.span_id, "consumer")
    assert attempt.about["tintype.job.id"] == job.id
    below = names(spans, attempt)
    assert [name for name in below if name in STAGES] == list(STAGES)
    assert {"EVALSHA enter", "EVALSHA succeed"} <= set(below)
    stages = {each.name: each for each in spans if each.parent_id == attempt.span_id}
    assert "S3.GetObject" in names(spans, stages["fetch"])
    assert names(spans, stages["store"]) == ["S3.PutObject"]
    (read,) = [each for each in spans if each.name == "S3.GetObject"]
    assert (read.kind, read.about["aws.s3.key"]) == ("client", "a.jpg")
    assert {each.service for each in spans} == {
        *("tintype-api", "tintype-worker", "tintype-webhooks")
    }
    assert not any(each.failed for each in spans)
    assert receiver.messages[0].headers["traceparent"] == (
        f"00-{CLIENT.trace_id}-{delivery.span_id}-01"
    )
    assert "hush" not in str(spans)


def test_a_job_that_is_tried_again_keeps_its_trace(seen: Seen) -> None:
    source = seen.service.put("broken.jpg", b"\xff\xd8\xff no")
    job = seen.service.submit({"source": source.model_dump()})
    assert seen.end(job).state is State.FAILED
    (first,) = eventually(lambda: _of_job(seen, job, 1), what="the first attempt") or []
    assert (first.failed, first.about["error.type"]) == (True, "unsupported_format")
    assert seen.service.request("POST", f"/v1/jobs/{job.id}/retry").status == 202
    first, second = seen.attempts(first.trace_id, 2)
    assert [each.about["tintype.job.attempt"] for each in (first, second)] == [1, 2]
    (request,) = seen.collector.of(first.trace_id, "POST /v1/jobs")
    assert second.parent_id == request.span_id


def test_a_job_of_a_batch_has_a_trace_of_its_own(seen: Seen) -> None:
    seen.service.put("in/a.jpg", encoded(gradient(seed=1)))
    order = {
        "source": {"bucket": "tintype", "prefix": "in/"},
        "destination": {"bucket": "tintype", "prefix": "out/"},
    }
    answer = seen.service.request("POST", "/v1/batches", json=order)
    batch = Batch.model_validate_json(answer.data)

    def jobs() -> list[Job]:
        found = seen.service.request("GET", "/v1/jobs").json()["jobs"]
        return [each for each in map(Job.model_validate, found) if each.batch == batch.id]

    (job,) = eventually(jobs, what="the job of the batch")
    (attempt,) = seen.attempts(own_trace(job.id), 1)
    (link,) = attempt.links
    assert attempt.parent_id == ""
    assert link == seen.collector.of(link, "POST /v1/batches")[0].trace_id
    eventually(lambda: seen.collector.of(link, "batch step"), what="a step of the batch")


def test_all_lines_of_a_job_have_its_fields_and_one_is_at_info(seen: Seen) -> None:
    job = seen.end(submit(seen, "noisy.jpg", noisy(), options={"quality": 91}))
    assert job.state is State.SUCCEEDED
    mine = eventually(lambda: _ended(seen, job), what="the line of the end")
    assert mine
    (end,) = [each for each in mine if each["level"] == "info"]
    assert (end["event"], end["state"], end["attempt"]) == ("job ended", "succeeded", 1)
    assert (end["model"], end["megapixels"]) == ("tint-small", 0.003)
    assert end["engine"]
    assert set(end["stages"]) == {f"{stage}_ms" for stage in STAGES}
    assert end["queued_ms"] >= 0
    printed = [each for each in mine if "extraneous bytes" in each["event"]]
    assert printed
    written = lines(seen, "worker-1")
    of_child = [each for each in written if each.get("worker") == end["worker"]]
    first, last = of_child.index(mine[0]), of_child.index(mine[-1])
    for each in of_child[first : last + 1]:
        assert (each["job_id"], each["attempt"]) == (job.id, 1)
        assert each["trace_id"] == CLIENT.trace_id


def test_requests_are_lines_with_ids(seen: Seen) -> None:
    answer = seen.service.request("GET", "/v1/jobs", headers={"X-Request-ID": "mine-1"})
    assert answer.headers["X-Request-ID"] == "mine-1"
    (line,) = [each for each in lines(seen, "api") if each.get("request_id") == "mine-1"]
    assert (line["event"], line["level"], line["route"]) == ("request", "info", "/v1/jobs")
    assert len(line["trace_id"]) == 32


def test_every_line_of_every_process_is_an_object(seen: Seen) -> None:
    for part in ("api", "worker-1", "webhooks"):
        for line in lines(seen, part):
            assert {"event", "level", "logger", "timestamp"} <= set(line)
            assert line["level"].upper() in logging.getLevelNamesMapping()


def _of_job(seen: Seen, job: Job, count: int) -> list[Told] | None:
    found = [
        each
        for each in [*seen.collector.spans]
        if each.name == "colorize" and each.about["tintype.job.id"] == job.id
    ]
    return found if len(found) == count else None


def _ended(seen: Seen, job: Job) -> list[dict[str, Any]] | None:
    found = [each for each in lines(seen, "worker-1") if each.get("job_id") == job.id]
    return found if any(each["event"] == "job ended" for each in found) else None
