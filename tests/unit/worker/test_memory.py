import io
import logging
import mmap
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.formats import OutputFormat
from core.settings import MIB
from worker import memory
from worker.images import Photo, decode, encode
from worker.memory import MemoryLimit, data_bytes, room
from worker.problems import as_ours

SIDE = 6200
LITTLE = MemoryLimit(16 * MIB)


@pytest.fixture(autouse=True)
def no_limit_stays() -> Iterator[None]:
    yield
    assert room() is None


def test_what_goes_beyond_is_refused_and_the_process_goes_on() -> None:
    with MemoryLimit(64 * MIB).kept():
        with pytest.raises(MemoryError):
            np.zeros(1024 * MIB, np.uint8)
        assert np.ones(40 * MIB, np.uint8).all()
    assert len(np.zeros(1024 * MIB, np.uint8)) == 1024 * MIB


def test_address_space_that_is_only_reserved_does_not_count() -> None:
    with LITTLE.kept(), mmap.mmap(-1, 1024 * MIB, prot=mmap.PROT_READ) as reserved:
        assert reserved[0] == 0


def test_the_room_shrinks_with_what_is_taken() -> None:
    with MemoryLimit(2048 * MIB).kept():
        before = room()
        held = np.zeros(1024 * MIB, np.uint8)
        after = room()
        assert before is not None
        assert after is not None
        assert before - after >= held.nbytes
        assert before <= 2048 * MIB


def test_what_is_loaded_while_the_limit_is_lifted_does_not_count() -> None:
    with LITTLE.kept():
        with LITTLE.lifted():
            network = np.zeros(200 * MIB, np.uint8)
        left = room()
        assert left is not None
        assert 8 * MIB < left <= 16 * MIB
        assert network[-1] == 0


def test_none_is_no_limit() -> None:
    with MemoryLimit(0).kept():
        assert room() is None


def test_where_the_kernel_cannot_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    with caplog.at_level(logging.WARNING), MemoryLimit(MIB).kept():
        assert data_bytes() is None
        assert room() is None
    assert "TINTYPE_MAX_MEMORY has no effect" in caplog.text


@pytest.fixture(scope="module")
def fresh() -> Iterator[Executor]:
    """A process in which large allocations always come from the kernel.

    Here they may be had of what earlier tests have freed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MALLOC_MMAP_THRESHOLD_", str(MIB))
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            yield pool


def code_of_decoding(data: bytes, limit: int) -> str | None:
    """Return the code with which a picture is refused where memory is limited."""
    try:
        with MemoryLimit(limit).kept():
            decode(data, SIDE * SIDE)
    except Exception as error:
        return as_ours(error).code
    return None


def code_of_encoding(format: OutputFormat, limit: int) -> str | None:
    """Return the code with which a result is refused where memory is limited."""
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), np.uint8)
    try:
        with MemoryLimit(limit).kept():
            encode(Photo(pixels=noise, alpha=None, format="png"), format)
    except Exception as error:
        return as_ours(error).code
    return None


def written(mode: str, format: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (SIDE, SIDE), 0).save(out, format, **options)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        written("L", "JPEG"),
        written("L", "JPEG", progressive=True),
        written("CMYK", "JPEG"),
        written("L", "PNG", compress_level=1),
        written("I;16", "PNG", compress_level=1),
        written("L", "TIFF", compression="tiff_adobe_deflate"),
        written("L", "BMP"),
        written("L", "WEBP", method=0),
        written("P", "GIF"),
        b"P6 %d %d 65535\n" % (SIDE, SIDE) + bytes(SIDE * SIDE * 6),
    ],
    ids=[
        *("jpeg", "progressive", "cmyk", "png", "png of 16 bits", "tiff", "bmp", "webp", "gif"),
        "ppm of 16 bits",
    ],
)
def test_a_picture_that_finds_too_little_is_not_called_broken(fresh: Executor, data: bytes) -> None:
    assert fresh.submit(code_of_decoding, data, 16 * MIB).result() == "out_of_memory"
    assert fresh.submit(code_of_decoding, data, 0).result() is None


def test_avif_is_not_begun_without_room_for_it(fresh: Executor) -> None:
    assert fresh.submit(code_of_encoding, "avif", 256 * MIB).result() == "out_of_memory"


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_a_result_that_finds_too_little_is_told_so(fresh: Executor, format: OutputFormat) -> None:
    assert fresh.submit(code_of_encoding, format, 16 * MIB).result() == "out_of_memory"
    assert fresh.submit(code_of_encoding, format, 0).result() is None
