"""An upgrade, and a change of networks, one worker after the other."""

from pathlib import Path

from core.fleet import read_fleet, read_queues
from core.jobs import State
from models import Model
from models.manifest import open_folder
from tests.integration.fleet.conftest import Versions
from tests.support.standin import write_standin
from tests.support.waiting import eventually

MOST = 200


def _networks(folder: Path) -> tuple[Model, Model]:
    """Return the network of the worker there is, and another."""
    return open_folder(folder / "one"), open_folder(write_standin(folder / "nets" / "two", seed=2))


def test_a_worker_of_this_version_and_one_of_the_next_share_a_queue(
    versions: Versions, tmp_path: Path
) -> None:
    one, two = _networks(tmp_path)
    old = versions.start("old")
    old.wait_ready(60)

    # This version alone: what the next one has made waits and says why.
    [early] = versions.submit_later("0.jpg")
    assert versions.ended(versions.submit("1.jpg").id).state is State.SUCCEEDED
    eventually(
        lambda: read_queues(versions.redis, versions.redis).newer == 1,
        what="the job of the next version",
    )
    seen = versions.jobs.get(early)
    assert (seen.state, seen.attempt, seen.options.force) == (State.QUEUED, 0, True)
    assert seen.waiting is not None
    assert seen.waiting.code == "newer_schema"

    # The next version beside it, with another network: each job ends once.
    new = versions.start("new", versions.later, model=two.folder, models_dir=two.folder.parent)
    new.wait_ready(60)
    assert versions.ended(early).state is State.SUCCEEDED
    theirs = {early, *versions.submit_later("0.jpg", "1.jpg", "2.jpg", "3.jpg")}
    named = versions.submit("2.jpg", model="two").id
    ours = {named}
    while not all(versions.done_by(name) & ours - {named} for name in ("old", "new")):
        job = versions.submit(f"{len(ours) % 4}.jpg", force=True)
        ours.add(job.id)
        versions.ended(job.id)
        assert len(ours) < MOST
    ended = {job_id: versions.ended(job_id) for job_id in theirs | ours}
    assert {job.state for job in ended.values()} == {State.SUCCEEDED}
    # A worker says it a moment after it is so.
    eventually(
        lambda: theirs | ours <= versions.done_by("old") | versions.done_by("new"), 10, "the logs"
    )
    by_old, by_new = versions.done_by("old"), versions.done_by("new")
    assert not by_old & by_new
    assert theirs <= by_new
    assert {job.attempt for job_id, job in ended.items() if job_id != named} == {1}

    # Each result names the network that made it; a job has the one that it names.
    assert named in by_new
    for job_id, job in ended.items():
        assert job.model is not None
        assert job.model.digest == (one if job_id in by_old else two).digest
    fleet = {each.name: each for each in read_fleet(versions.redis).workers}
    assert (fleet["old"].digest, fleet["new"].digest) == (one.digest, two.digest)
    assert (fleet["old"].schema_version, fleet["new"].schema_version) == (1, 2)
    assert "two" in fleet["new"].models
    assert "two" not in fleet["old"].models

    # The next version is taken back: its jobs wait again.
    versions.stop("new")
    [late] = versions.submit_later("3.jpg")
    eventually(lambda: versions.jobs.get(late).waiting, what="the reason")
    assert versions.ended(versions.submit("3.jpg", force=True).id).state is State.SUCCEEDED
    assert versions.jobs.get(late).state is State.QUEUED
    assert [job.id for job in versions.jobs.list(State.QUEUED)[0]] == [late]
