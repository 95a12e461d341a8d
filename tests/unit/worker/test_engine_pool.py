import mmap
import shutil
from pathlib import Path

import pytest

from core.errors import ModelElsewhere, ModelNotInstalled, UnknownEngine, UnknownModel
from core.fleet.networks import Whereabouts
from core.settings import MIB
from models import Catalogue
from tests.support.standin import write_standin
from worker.engine_pool import MAX_LOADED, EnginePool
from worker.memory import MemoryLimit, room

NAMES = [f"net-{number}" for number in range(MAX_LOADED + 2)]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of more networks than a pool holds."""
    for seed, name in enumerate(NAMES):
        write_standin(tmp_path / "own" / name, seed=seed)
    return tmp_path / "own"


@pytest.fixture
def pool(tmp_path: Path, own: Path) -> EnginePool:
    return EnginePool(Catalogue(tmp_path, own=own, default=NAMES[0]), "opencv", threads=0)


def test_a_network_is_loaded_once(pool: EnginePool) -> None:
    engine = pool.get(NAMES[1])
    assert engine.model.name == NAMES[1]
    assert pool.get(NAMES[1]) is engine
    assert pool.get(NAMES[2]) is not engine


PLACES = {
    "far": Whereabouts.AT_WORK,
    "asleep": Whereabouts.IDLE,
    "farther": Whereabouts.NOWHERE,
}


def test_a_network_that_another_worker_has_is_no_unknown_one(tmp_path: Path, own: Path) -> None:
    pool = EnginePool(
        Catalogue(tmp_path, own=own, default=NAMES[0]), "opencv", 0, elsewhere=PLACES.__getitem__
    )
    for ask in (pool.get, pool.digest):
        with pytest.raises(ModelElsewhere) as raised:
            ask("far")
        assert (raised.value.model, raised.value.at_work) == ("far", True)
        with pytest.raises(ModelElsewhere) as raised:
            ask("asleep")
        assert not raised.value.at_work
        with pytest.raises(UnknownModel):
            ask("farther")
    assert pool.get().model.name == NAMES[0]


def test_without_a_name_the_default_is_meant(pool: EnginePool) -> None:
    assert pool.get().model.name == NAMES[0]
    assert pool.get() is pool.get(NAMES[0])


def test_two_networks_of_the_same_files_are_two(pool: EnginePool, own: Path) -> None:
    shutil.copytree(own / NAMES[0], own / "twin")
    first, twin = pool.get(NAMES[0]).model, pool.get("twin").model
    assert (first.name, twin.name) == (NAMES[0], "twin")
    assert first.digest == twin.digest


def test_the_least_recently_used_network_goes(pool: EnginePool) -> None:
    kept, dropped, *others = (pool.get(name) for name in NAMES[:MAX_LOADED])
    assert pool.get(NAMES[0]) is kept
    newcomer = pool.get(NAMES[MAX_LOADED])
    assert pool.get(NAMES[0]) is kept
    assert pool.get(NAMES[MAX_LOADED]) is newcomer
    assert [pool.get(name) for name in NAMES[2:MAX_LOADED]] == others
    assert pool.get(NAMES[1]) is not dropped


def test_never_more_than_the_most_are_held(pool: EnginePool) -> None:
    engines = [pool.get(name) for name in NAMES]
    newest = len(NAMES) - MAX_LOADED
    again = [pool.get(name) for name in NAMES[newest:]]
    assert again == engines[newest:]
    assert pool.get(NAMES[newest - 1]) not in engines


def test_an_unknown_model_leaves_the_pool_as_it_was(pool: EnginePool) -> None:
    engine = pool.get()
    with pytest.raises(UnknownModel, match="'nope'"):
        pool.get("nope")
    assert pool.get() is engine


def test_a_job_cannot_name_a_folder_of_the_machine(pool: EnginePool, own: Path) -> None:
    with pytest.raises(UnknownModel):
        pool.get(str(own / NAMES[0]))


def test_a_network_that_failed_to_load_is_tried_again(pool: EnginePool, own: Path) -> None:
    for name in NAMES[1:]:
        pool.get(name)
    weights = own / NAMES[1] / "net.caffemodel"
    aside = weights.rename(own / "aside")
    with pytest.raises(ModelNotInstalled):
        pool.get(NAMES[1])
    aside.rename(weights)
    assert pool.get(NAMES[1]).model.name == NAMES[1]


def test_an_unknown_engine_is_named(tmp_path: Path, own: Path) -> None:
    pool = EnginePool(Catalogue(tmp_path, own=own), "steam", threads=0)
    with pytest.raises(UnknownEngine, match="'steam'"):
        pool.get(NAMES[0])


def test_what_jobs_may_take_is_beyond_every_network_that_is_held(tmp_path: Path, own: Path) -> None:
    limit = MemoryLimit(64 * MIB)
    pool = EnginePool(Catalogue(tmp_path, own=own, default=NAMES[0]), "opencv", 0, limit)
    assert room() is None
    try:
        for name in NAMES[:2]:
            pool.get(name)
            left = room()
            assert left is not None
            assert left > 56 * MIB
            # From the kernel: what earlier tests have freed may be had again.
            with pytest.raises(OSError, match="Cannot allocate memory"):
                mmap.mmap(-1, 65 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    finally:
        limit.lift()
