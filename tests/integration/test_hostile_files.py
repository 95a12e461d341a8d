"""Bombs and damaged files through the real service: every job ends, and no worker dies of one."""

from itertools import islice
from pathlib import Path

import numpy as np
import psutil

from cli.stack import Stack, StackOptions
from core.heartbeats import alive
from core.jobs import Job, State
from core.redis_client import connect
from core.settings import MIB, Settings
from tests.corpus.bombs import BOMBS
from tests.corpus.seeds import good_files
from tests.corpus.test_corpus import SEED, corpus
from tests.integration.conftest import Service, running
from tests.support.images import encoded, gradient

CODES = {
    *("empty_object", "object_too_large", "unsupported_format", "image_too_large"),
    "broken_image",
}
DAMAGED = 30


def processes(service: Service) -> set[tuple[int, int]]:
    """The children of all workers that are alive, each with its parent."""
    with connect(service.settings.redis_url) as redis:
        children = [int(name.split(":")[1]) for name in alive(redis)]
    return {(child, psutil.Process(child).ppid()) for child in children}


def submitted(service: Service, number: int, data: bytes) -> Job:
    source = service.put(f"hostile/{number}.jpg", data, "application/octet-stream")
    return service.submit({"source": source.model_dump()})


def test_every_hostile_file_ends_and_no_process_does(service: Service) -> None:
    print(f"TINTYPE_CORPUS_SEED={SEED}")
    before = processes(service)
    assert before
    count = len(good_files()) + len(BOMBS) + DAMAGED
    files = islice(corpus(SEED, count), len(good_files()), None)
    jobs = {name: submitted(service, at, data) for at, (name, data) in enumerate(files)}
    ended = {name: service.ended(job) for name, job in jobs.items()}
    wrong = {
        name: job
        for name, job in ended.items()
        if job.state is not State.SUCCEEDED and (job.error is None or job.error.code not in CODES)
    }
    assert not wrong
    assert {job.attempt for job in ended.values()} == {1}
    assert processes(service) == before


def test_a_job_that_takes_too_much_memory_fails_and_its_process_goes_on(tmp_path: Path) -> None:
    settings = Settings(max_memory=64 * MIB, concurrency=1)
    with running(Stack(StackOptions(tmp_path / "stack"), settings)) as own:
        before = processes(own)
        large = encoded(np.zeros((9000, 9000), np.uint8), "PNG", compress_level=1)
        job = own.ended(submitted(own, 0, large))
        assert job.error is not None
        assert (job.state, job.error.code, job.attempt) == (State.FAILED, "out_of_memory", 3)
        assert "TINTYPE_MAX_MEMORY" in job.error.detail
        assert own.ended(submitted(own, 1, encoded(gradient()))).state is State.SUCCEEDED
        assert processes(own) == before
