import logging
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker.native_output import MOST_CHARACTERS, MOST_LINES, STDERR, NativeOutput


@pytest.fixture
def output() -> Iterator[NativeOutput]:
    before = os.dup(STDERR)
    found = NativeOutput()
    yield found
    os.dup2(before, STDERR)
    os.close(before)
    found.close()


def test_what_is_printed_in_a_block_is_logged(
    output: NativeOutput, caplog: pytest.LogCaptureFixture
) -> None:
    output.tell_apart()
    for number in range(2):
        with output.logged():
            os.write(STDERR, f"Corrupt {number}\n\n\xff half".encode("latin-1"))
    assert caplog.messages == [
        *("Corrupt 0", "\N{REPLACEMENT CHARACTER} half"),
        *("Corrupt 1", "\N{REPLACEMENT CHARACTER} half"),
    ]


def test_what_is_printed_elsewhere_is_left_alone(
    output: NativeOutput, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    output.tell_apart()
    with output.logged():
        pass
    os.write(STDERR, b"after\n")
    assert caplog.messages == []
    assert capfd.readouterr().err.endswith("after\n")


def test_a_flood_is_cut_short(output: NativeOutput, caplog: pytest.LogCaptureFixture) -> None:
    output.tell_apart()
    with output.logged():
        os.write(STDERR, (b"x" * 2000 + b"\n") * 100)
    assert caplog.messages == ["x" * MOST_CHARACTERS] * 5
    with output.logged():
        os.write(STDERR, b"short\n" * 100)
    assert caplog.messages[5:] == ["short"] * MOST_LINES


def test_a_line_without_end_is_not_read_whole(
    output: NativeOutput, caplog: pytest.LogCaptureFixture
) -> None:
    output.tell_apart()
    flood = b"x" * (8 << 20)
    tracemalloc.start()
    try:
        with output.logged():
            os.write(STDERR, flood)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1 << 20
    assert caplog.messages == ["x" * MOST_CHARACTERS]


def test_our_own_lines_are_not_taken_for_printed_ones(
    output: NativeOutput, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    handler = logging.StreamHandler(os.fdopen(STDERR, "w", closefd=False))
    logging.getLogger().addHandler(handler)
    try:
        output.tell_apart()
        with output.logged():
            logging.getLogger("ours").warning("a line of ours")
    finally:
        logging.getLogger().removeHandler(handler)
    assert caplog.messages == ["a line of ours"]
    assert capfd.readouterr().err.count("a line of ours") == 1


def test_a_process_that_is_not_set_up_prints_as_ever(capfd: pytest.CaptureFixture[str]) -> None:
    with NativeOutput().logged():
        os.write(STDERR, b"printed\n")
    assert capfd.readouterr().err == "printed\n"


def test_handlers_that_are_closed_are_left_alone(output: NativeOutput, tmp_path: Path) -> None:
    handler = logging.FileHandler(tmp_path / "log")
    logging.getLogger().addHandler(handler)
    handler.close()
    try:
        output.tell_apart()
    finally:
        logging.getLogger().removeHandler(handler)
    assert handler.stream is None
