import csv
import io
import json
import logging
from collections import Counter

import pytest

from core.batches import BatchState, EntryState
from core.errors import BatchNotFound, WrongState
from core.jobs import JobRequest, Options, Priority, Skipped, State
from core.jobs.deliveries import Deliveries
from core.jobs.uploads import Uploads, new_source
from tests.integration.batches.conftest import WINDOW, World
from tests.support.jobs import PROBLEM
from tests.support.redis import UPLOADS

SCANS = [f"scans/{year}/{number:03}.jpg" for year in (1936, 1937) for number in range(20)]


def test_every_photograph_below_the_prefix_becomes_one_job(world: World) -> None:
    world.put(*SCANS, "scans/notes.txt", "other/a.jpg")
    ended = world.run(world.create())
    assert ended.state is BatchState.SUCCEEDED
    assert ended.expanded
    assert (ended.counts.total, ended.counts.succeeded) == (40, 40)
    assert (ended.counts.listed, ended.counts.left_out) == (41, 1)
    assert ended.bytes == sum(len("scan" + key) for key in SCANS)
    entries = world.all(ended)
    assert sorted(entry.key for entry in entries) == SCANS
    for entry in entries:
        assert entry.state is EntryState.SUCCEEDED
        assert entry.result == "colour/" + entry.key.removeprefix("scans/")
        assert world.storage.fetch(world.at(entry.result), 100).data.decode().endswith(entry.key)


def test_its_jobs_wait_in_the_queue_for_archives(world: World) -> None:
    world.put(SCANS[0])
    batch = world.step(world.create())
    [job], _ = world.jobs.list()
    assert (job.batch, job.priority) == (batch.id, Priority.LOW)


@pytest.mark.parametrize("listed", [True, False])
def test_uploads_that_it_has_as_sources_are_kept(world: World, listed: bool) -> None:
    uploads = Uploads(world.redis, 3600)
    upload, unused = (uploads.open(new_source(world.bucket, "a.jpg"), 4) for _ in range(2))
    world.put(upload.source.key)
    world.storage.store(world.at("list.csv"), f"key\n{upload.source.key}\n".encode(), "text/csv")
    manifest = None if listed else {"bucket": world.bucket, "key": "list.csv"}
    batch = world.step(world.create(source={"prefix": "uploads/", "manifest": manifest}))
    assert batch.counts.queued == 1
    for each in (upload, unused):
        world.redis.zadd(UPLOADS, {each.id: 1}, xx=True)
    assert [each.id for each in uploads.claim(10)] == [unused.id]
    with pytest.raises(WrongState):
        uploads.abandon(upload.id)


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_upload_that_is_its_manifest_is_kept(world: World, dry_run: bool) -> None:
    uploads = Uploads(world.redis, 3600)
    upload = uploads.open(new_source(world.bucket, "list.csv"), 4)
    manifest = {"bucket": world.bucket, "key": upload.source.key}
    world.create(source={"manifest": manifest}, dry_run=dry_run)
    world.redis.zadd(UPLOADS, {upload.id: 1}, xx=True)
    assert [each.id for each in uploads.claim(10)] == [upload.id] * dry_run


@pytest.mark.parametrize("of", ["a batch", "a row", "a job"])
def test_an_upload_whose_colours_are_favoured_is_kept(world: World, of: str) -> None:
    uploads = Uploads(world.redis, 3600)
    upload = uploads.open(new_source(world.bucket, "palette.jpg"), 4)
    options = {"reference": upload.source.model_dump()}
    world.put(SCANS[0])
    if of == "a batch":
        world.create(options=options)
    elif of == "a row":
        row = json.dumps({"key": SCANS[0], "options": options})
        world.storage.store(world.at("list.jsonl"), row.encode(), "text/plain")
        manifest = {"bucket": world.bucket, "key": "list.jsonl"}
        assert world.step(world.create(source={"manifest": manifest})).counts.queued == 1
    else:
        world.jobs.create(
            JobRequest(source=world.at(SCANS[0]), options=Options.model_validate(options))
        )
    world.redis.zadd(UPLOADS, {upload.id: 1}, xx=True)
    assert uploads.claim(10) == []


def test_no_more_jobs_than_the_window_are_in_redis(world: World) -> None:
    world.put(*SCANS)
    batch = world.create()
    jobs = []
    while not batch.finished:
        batch = world.step(batch)
        assert batch.counts.queued <= WINDOW
        jobs.append(len(world.redis.keys("{tintype}:job:*")))
        world.work(most=3)
    assert batch.counts.succeeded == 40
    # Those that wait, those that ended lately, and those that are in no part of the report yet.
    assert max(jobs) <= 40
    assert jobs[-1] <= WINDOW
    assert len(world.redis.keys("{tintype}:result:*")) <= WINDOW


def test_the_report_has_every_key_once(world: World) -> None:
    world.put(*SCANS)
    bad = {SCANS[3]: PROBLEM, SCANS[30]: PROBLEM}
    ended = world.run(world.create(), bad)
    assert ended.state is BatchState.FAILED
    assert ended.error
    assert ended.error.code == "jobs_failed"
    assert ended.codes == {PROBLEM.code: 2}
    rows = world.report(ended)["jobs"]
    assert sorted(row["key"] for row in rows) == SCANS
    assert Counter(row["state"] for row in rows) == {"succeeded": 38, "failed": 2}
    assert ended.report
    table = world.storage.fetch(ended.report["csv"], 10**6).data.decode()
    read = [*csv.DictReader(io.StringIO(table))]
    assert [row["key"] for row in read] == [row["key"] for row in rows]
    failed = {row["key"]: row for row in read if row["state"] == "failed"}
    assert failed.keys() == bad.keys()
    assert failed[SCANS[3]]["code"] == PROBLEM.code
    assert failed[SCANS[3]]["detail"] == PROBLEM.detail
    assert failed[SCANS[3]]["result"] == ""
    [entry, _] = world.all(ended, EntryState.FAILED)
    assert (entry.code, entry.result) == (PROBLEM.code, None)


def test_a_second_run_colorizes_only_what_is_new_or_changed(world: World) -> None:
    world.put(*SCANS)
    world.run(world.create())
    world.put("scans/1938/000.jpg")
    world.put(SCANS[5], data=b"another scan of ")
    again = world.run(world.create())
    assert (again.counts.total, again.counts.skipped, again.counts.succeeded) == (41, 39, 1 + 1)
    done = {entry.key for entry in world.all(again, EntryState.SUCCEEDED)}
    assert done == {"scans/1938/000.jpg", SCANS[5]}
    assert len(world.all(again, EntryState.SKIPPED)) == 39
    assert len(world.report(again)["jobs"]) == 41


def test_other_options_are_another_result(world: World) -> None:
    world.put(*SCANS[:3])
    world.run(world.create())
    again = world.run(world.create(options={"temperature": 0.4}))
    assert (again.counts.skipped, again.counts.succeeded) == (0, 3)
    forced = world.run(world.create(options={"temperature": 0.4, "force": True}))
    assert forced.counts.succeeded == 3
    written = world.run(world.create(options={"temperature": 0.4}, on_existing="overwrite"))
    assert written.counts.succeeded == 3
    same = world.run(world.create(options={"temperature": 0.4}))
    assert same.counts.skipped == 3


def test_results_below_the_prefix_are_no_sources(world: World) -> None:
    world.put(*SCANS[:3], "colorized/scans/a.jpg")
    whole = {"source": {"prefix": ""}}
    first = world.run(world.create(**whole))
    assert first.counts.succeeded == 3
    again = world.run(world.create(**whole))
    assert (again.counts.total, again.counts.skipped) == (3, 3)


def test_globs_choose_below_the_prefix(world: World) -> None:
    world.put(*SCANS, "scans/x.dat")
    chosen = {"include": ["1936/*", "*.dat"], "exclude": ["*/00*"]}
    ended = world.run(world.create(source=chosen))
    assert ended.counts.succeeded == 10 + 1
    assert {entry.key for entry in world.all(ended)} == {*SCANS[10:20], "scans/x.dat"}


def test_a_dry_run_makes_nothing(world: World) -> None:
    world.put(*SCANS)
    world.run(world.create())
    world.put(*(f"scans/1938/{number:03}.jpg" for number in range(30)))
    before = len(world.jobs.list(limit=500)[0])
    dry = world.run(world.create(dry_run=True))
    assert (dry.counts.total, dry.counts.skipped) == (70, 40)
    assert dry.estimate
    assert [pair.source for pair in dry.estimate.pairs] == [
        f"scans/1938/{number:03}.jpg" for number in range(20)
    ]
    assert dry.estimate.pairs[0].destination == "colour/1938/000.jpg"
    assert dry.estimate.seconds is None
    assert dry.report is None
    assert len(world.jobs.list(limit=500)[0]) == before


def test_an_empty_prefix_is_done_at_once(world: World) -> None:
    world.put("other/a.jpg")
    ended = world.run(world.create())
    assert (ended.state, ended.counts.total) == (BatchState.SUCCEEDED, 0)
    assert world.report(ended)["jobs"] == []


def test_keys_that_can_be_no_job_are_in_the_report(world: World) -> None:
    long = "scans/" + "/".join(["x" * 200] * 5) + "/aaa.jpg"
    world.put("scans/a.jpg", long)
    ended = world.run(world.create(destination={"prefix": "in all their colours/"}))
    assert (ended.counts.succeeded, ended.counts.failed) == (1, 1)
    [failed] = world.all(ended, EntryState.FAILED)
    assert (failed.key, failed.code, failed.job) == (long, "invalid_key", None)


def test_failed_keys_are_tried_again(world: World) -> None:
    world.put(*SCANS)
    bad = dict.fromkeys(SCANS[::2], PROBLEM)
    failed = world.run(world.create(), bad)
    assert failed.counts.failed == 20
    again = world.store.retry(failed.id)
    assert (again.state, again.finished, again.report) == (BatchState.EXPANDING, None, None)
    ended = world.run(again, {SCANS[0]: PROBLEM})
    assert (ended.counts.total, ended.counts.succeeded, ended.counts.failed) == (40, 39, 1)
    assert ended.codes == {PROBLEM.code: 1}
    rows = world.report(ended)["jobs"]
    assert sorted(row["key"] for row in rows) == SCANS
    assert [row["key"] for row in rows if row["state"] == "failed"] == [SCANS[0]]
    assert sorted(entry.key for entry in world.all(ended)) == SCANS
    last = world.run(world.store.retry(ended.id))
    assert last.state is BatchState.SUCCEEDED
    assert (last.codes, last.error) == ({}, None)
    assert len(world.report(last)["jobs"]) == 40
    with pytest.raises(WrongState):
        world.store.retry(last.id)


def test_a_paused_batch_starts_nothing_and_loses_nothing(world: World) -> None:
    world.put(*SCANS)
    batch = world.step(world.create())
    world.work(most=2)
    paused = world.store.pause(batch.id)
    assert paused.state is BatchState.PAUSED
    assert world.work() == []
    assert world.step(batch).counts.queued == WINDOW - 2
    assert len(world.jobs.list(State.QUEUED)[0]) == WINDOW - 2
    resumed = world.store.resume(batch.id)
    assert resumed.state is BatchState.EXPANDING
    world.store.pause(batch.id)
    world.step(batch)
    assert world.sweep() == [], "there is nothing to do"
    world.store.resume(batch.id)
    assert world.run(batch).counts.succeeded == 40


def test_a_canceled_batch_ends_with_its_jobs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.put(*SCANS)
    batch = world.step(world.create())
    world.work(most=3)
    running = world.attempts.start(world.published.pop(0), "host:1")
    assert running
    canceled = world.store.cancel(batch.id)
    assert canceled.state is BatchState.CANCELED
    assert canceled.counts.queued == canceled.counts.running == 0
    assert world.work() == []
    ended = world.run(batch)
    assert ended.state is BatchState.CANCELED
    assert (ended.counts.succeeded, ended.counts.canceled) == (3, WINDOW - 3)
    lines = [vars(each) for each in caplog.records if each.message == "job ended"]
    assert len({line["job_id"] for line in lines}) == len(lines) == WINDOW - 3
    assert {(line["state"], line["batch_id"]) for line in lines} == {("canceled", batch.id)}
    assert len(world.report(ended)["jobs"]) == WINDOW
    with pytest.raises(WrongState):
        world.store.resume(batch.id)


def test_unknown_batches(world: World) -> None:
    for call in (world.store.get, world.store.pause, world.store.cancel, world.store.retry):
        with pytest.raises(BatchNotFound):
            call("00000000-0000-7000-8000-000000000000")


def test_the_end_of_a_batch_is_told_once(world: World) -> None:
    world.put(*SCANS[:3])
    webhook = {"url": "https://example.org/hook", "events": ["succeeded", "failed"]}
    batch = world.run(world.create(webhook=webhook), {SCANS[0]: PROBLEM})
    deliveries = Deliveries(world.redis)
    [told] = deliveries.of_batch(batch.id)
    assert (told.event, told.batch, told.job) == ("batch.failed", batch.id, None)
    again = world.run(world.store.retry(batch.id))
    assert [each.event for each in deliveries.of_batch(again.id)] == [
        "batch.failed",
        "batch.succeeded",
    ]
    for job in world.jobs.list()[0]:
        assert deliveries.of_job(job.id) == []


def test_photographs_in_colour_count_as_skipped(world: World) -> None:
    world.put(*SCANS[:3])
    batch = world.step(world.create())
    attempt = world.attempts.start(world.published.pop(0), "host:1")
    assert attempt
    skipped = Skipped(skipped="already_color", chroma=20, width=10, height=10)
    assert world.attempts.skip(attempt, skipped)
    ended = world.run(batch)
    assert ended.state is BatchState.SUCCEEDED
    assert (ended.counts.succeeded, ended.counts.skipped) == (2, 1)
    [entry] = world.all(ended, EntryState.SKIPPED)
    assert (entry.key, entry.code, entry.result) == (SCANS[0], "already_color", None)
