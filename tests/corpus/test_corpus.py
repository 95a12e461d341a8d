"""Every file of the corpus ends in a picture or in a code of ours, within its limits."""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from core.settings import MIB
from models.manifest import open_folder
from tests.corpus.bombs import BOMBS, bombs
from tests.corpus.child import MEMORY, Ending, work
from tests.corpus.mutations import MUTATIONS
from tests.corpus.seeds import good_files
from tests.support.standin import write_standin

SEED = int(os.environ.get("TINTYPE_CORPUS_SEED", "1"))
"""Always the same files, unless somebody wants to see others."""
FILES = 2000
PROCESSES = 2
PATIENCE = 30.0
"""Seconds for one file; the slowest takes some two on a busy machine."""
CODES = {
    *("empty_object", "unsupported_format", "image_too_large", "broken_image", "out_of_memory"),
    None,
}
File = tuple[str, bytes]


def corpus(seed: int, count: int) -> Iterator[File]:
    """Yield good files, bombs, and mutations of the good ones, as many as are asked for."""
    good = good_files()
    fixed = [*good.items(), *bombs().items()]
    yield from fixed
    names, files = list(good), list(good.values())
    for number in range(count - len(fixed)):
        rng = np.random.default_rng((seed, number))
        mutate = MUTATIONS[number % len(MUTATIONS)]
        name = names[number // len(MUTATIONS) % len(names)]
        yield f"{name}: {mutate.__name__} {number}", mutate(good[name], files, rng)


@dataclass(frozen=True)
class Outcome:
    """What became of the files of one process."""

    endings: dict[str, Ending]
    taken: int
    """Resident memory at its highest beyond that of the idle process, bytes."""


def through_a_process(files: list[File], model: Path, folder: Path) -> Outcome:
    """Have a process work on files, each in the folder for its turn."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    folder.mkdir()
    child = context.Process(target=work, args=(theirs, model, folder / "log"))
    child.start()
    theirs.close()
    try:
        ours.recv()
        endings = {name: _ending(ours, name, data, folder) for name, data in files}
        ours.send(None)
        return Outcome(endings, ours.recv())
    finally:
        child.kill()
        child.join()


def _ending(ours: Connection, name: str, data: bytes, folder: Path) -> Ending:
    """Return how a file ends; what kills its process or hangs is named and stays where it is."""
    path = folder / "file"
    path.write_bytes(data)
    try:
        ours.send(path)
        if ours.poll(PATIENCE):
            ending = ours.recv()
            assert isinstance(ending, Ending)
            return ending
        fate = f"took more than {PATIENCE:.0f} s"
    except (EOFError, BrokenPipeError):
        fate = "killed its process"
    end = (folder / "log").read_text(errors="replace")[-2000:]
    raise AssertionError(f"{name} {fate}; it is {path}; TINTYPE_CORPUS_SEED={SEED}\n{end}")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    print(f"TINTYPE_CORPUS_SEED={SEED}")
    folder = tmp_path_factory.mktemp("corpus")
    model = write_standin(folder / "stand-in")
    open_folder(model)
    files = list(corpus(SEED, FILES))
    with ThreadPoolExecutor(PROCESSES) as pool:
        parts = [
            pool.submit(through_a_process, files[number::PROCESSES], model, folder / str(number))
            for number in range(PROCESSES)
        ]
        return [part.result() for part in parts]


@pytest.fixture(scope="module")
def endings(outcomes: list[Outcome]) -> dict[str, Ending]:
    return {name: ending for outcome in outcomes for name, ending in outcome.endings.items()}


def test_every_file_ends_in_a_picture_or_in_a_code_of_ours(endings: dict[str, Ending]) -> None:
    strange = {name: e for name, e in endings.items() if e.code not in CODES}
    assert not strange, f"TINTYPE_CORPUS_SEED={SEED}"
    assert len(endings) == FILES
    # Some mutations do no harm; most do.
    counts = Counter(ending.code for ending in endings.values())
    assert min(counts[None], counts["broken_image"], counts["unsupported_format"]) > FILES // 50


def test_no_process_takes_more_than_it_may(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        # What loading has freed may be taken again without any limit noticing.
        assert outcome.taken < MEMORY + 32 * MIB


def test_every_bomb_is_seen_through_before_it_fills_the_memory(endings: dict[str, Ending]) -> None:
    assert not [name for name in BOMBS if endings[name].code == "out_of_memory"]
