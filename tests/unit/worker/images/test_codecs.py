import os

import cv2
import numpy as np
import pytest

from core.errors import BrokenImage
from tests.support.images import encoded, gradient
from worker.images import decode
from worker.images.codecs import IN_PLACE

RGB = np.dstack([gradient(700, 900, seed=seed) for seed in range(3)])
FINE = encoded(RGB, quality=80)
SOF, DHT, DQT = b"\xff\xc0", b"\xff\xc4", b"\xff\xdb"


def pixels(data: bytes) -> np.ndarray:
    found = decode(data, 10**6).pixels
    assert found.nbytes >= IN_PLACE
    return found


def changed(marker: bytes, at: int, to: bytes) -> bytes:
    """The fine file with some bytes after a marker's length changed."""
    start = FINE.index(marker) + 4 + at
    return FINE[:start] + to + FINE[start + len(to) :]


@pytest.mark.parametrize(
    "data",
    [changed(SOF, 7, b"\x55"), changed(DHT, 1, b"\xff" * 16), changed(DQT, 0, b"\x0f")],
    ids=["sampling", "codes", "table"],
)
def test_a_header_that_opencv_refuses_shows_no_memory_of_others(data: bytes) -> None:
    # What was decoded before lies where the next picture will.
    pixels(FINE)
    with pytest.raises(BrokenImage):
        decode(data, 10**6)


def refused(*_: object) -> int:
    raise OSError(24, "Too many open files")


def untouched(_path: str, out: np.ndarray, _flags: int) -> np.ndarray:
    return out


def test_without_files_in_memory_a_picture_is_decoded_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = pixels(FINE)
    with monkeypatch.context() as patched:
        patched.setattr(os, "memfd_create", refused)
        assert np.array_equal(pixels(FINE), expected)
    with monkeypatch.context() as patched:
        patched.delattr(os, "memfd_create")
        assert np.array_equal(pixels(FINE), expected)


def test_a_file_that_opencv_cannot_open_is_decoded_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = pixels(FINE)
    monkeypatch.setattr(cv2, "imread", untouched)
    assert np.array_equal(pixels(FINE), expected)


def test_a_size_that_is_not_the_headers_is_refused() -> None:
    taller = changed(SOF, 1, (701).to_bytes(2))
    assert np.array_equal(pixels(taller)[:680], pixels(FINE)[:680])
    twice = FINE.index(SOF)
    with pytest.raises(BrokenImage):
        decode(FINE[:twice] + FINE[twice : twice + 19] + taller[twice:], 10**6)
