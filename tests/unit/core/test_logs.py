import io
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core import logs
from core.settings import Settings

log = logging.getLogger("tests.somewhere")
HOSTILE = 'a\n{"level": "error", "event": "forged"}\r\n\x1b[2J\x9b31m\u2028\u202e"b'
STEERS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]")
Written = Callable[..., io.StringIO]


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    # A worker's child that another test has set up says who it is for good.
    logs.forget()
    yield
    logs.forget()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    for name in logs.NOISY:
        logging.getLogger(name).setLevel(logging.NOTSET)


def written(format: str, level: str = "INFO") -> io.StringIO:
    stream = io.StringIO()
    logs.configure(Settings.model_validate({"log_format": format, "log_level": level}), stream)
    return stream


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _fail(text: str) -> None:
    hidden = "a variable of this frame"
    assert hidden
    raise ValueError(text)


def _hostile_lines() -> None:
    log.warning("key %s", HOSTILE, extra={"key": HOSTILE})
    try:
        _fail(HOSTILE)
    except ValueError:
        log.exception("it failed")


def test_a_line_is_an_object_with_its_time_in_utc() -> None:
    stream = written("json")
    log.info("hello %s", "world", extra={"count": 2})
    (line,) = objects(stream)
    moment = line.pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", moment)
    expected = {"event": "hello world", "level": "info", "logger": "tests.somewhere", "count": 2}
    assert line == expected


def test_hostile_texts_forge_no_object() -> None:
    stream = written("json")
    _hostile_lines()
    text = stream.getvalue()
    assert text.isascii()
    one, other = objects(stream)
    assert (one["event"], one["key"]) == (f"key {HOSTILE}", HOSTILE)
    assert (other["event"], other["level"]) == ("it failed", "error")
    assert other["exception"].startswith("Traceback")


def test_hostile_texts_forge_no_readable_line_and_steer_no_terminal() -> None:
    stream = written("pretty")
    _hostile_lines()
    text = stream.getvalue()
    assert not STEERS.search(text)
    lines = text.splitlines()
    ours = [line for line in lines if not line.startswith("    ")]
    assert len(ours) == 2
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \[", line) for line in ours)


@pytest.mark.parametrize("format", ["json", "pretty"])
def test_a_traceback_shows_no_variables(format: str) -> None:
    stream = written(format)
    _hostile_lines()
    assert "raise ValueError(text)" in stream.getvalue()
    assert "of this frame'" not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://ann:hush@host:6379/0 is away", "redis://…@host:6379/0 is away"),
        ("rediss://:hush@host/0", "rediss://…@host/0"),
        (
            "redis+sentinel://:hush@h:1,i/s?sentinel_password=hush&sentinel_user=ann is away",
            "redis+sentinel://…@h:1,i/s?sentinel_password=…&sentinel_user=ann is away",
        ),
        ("GET https://s3/b/k?X-Amz-Signature=hush HTTP", "GET https://s3/b/k?… HTTP"),
        ("GET /b/k?X-Amz-Credential=hush&a=1", "GET /b/k?X-Amz-Credential=…&a=1"),
        ("key tt_ab12cd34_" + "hush" * 10, "key tt_ab12cd34_…"),
        ("secret whsec_" + "hush" * 8 + "=", "secret whsec_…"),
        ("Authorization: Bearer hush", "Authorization: Bearer …"),
        ("nothing of that kind: a/b?c, a@b", "nothing of that kind: a/b?c, a@b"),
    ],
)
def test_secrets_are_not_written(text: str, shown: str) -> None:
    stream = written("json")
    log.info("%s", text, extra={"detail": text})
    (line,) = objects(stream)
    assert (line["event"], line["detail"]) == (shown, shown)


def test_a_context_is_on_every_line_of_its_block_and_its_thread() -> None:
    stream = written("json")
    with logs.context(job_id="j", attempt=1), logs.context(attempt=2):
        logging.getLogger("some.library").warning("inside")
        other = threading.Thread(target=log.info, args=("elsewhere",))
        other.start()
        other.join()
    log.info("after")
    inside, elsewhere, after = objects(stream)
    assert (inside["job_id"], inside["attempt"], inside["logger"]) == ("j", 2, "some.library")
    assert "job_id" not in elsewhere
    assert "job_id" not in after


def test_debugging_shows_no_requests_of_libraries() -> None:
    stream = written("json", "DEBUG")
    logging.getLogger("botocore.auth").debug("the string to sign")
    logging.getLogger("urllib3.connectionpool").debug("a signed URL")
    log.debug("ours")
    assert [line["event"] for line in objects(stream)] == ["ours"]


def test_warnings_of_libraries_are_lines_too() -> None:
    stream = written("json")
    logging.getLogger("py.warnings").warning("%s", "old\n  call()\n")
    (line,) = objects(stream)
    assert line["logger"] == "py.warnings"


def test_a_terminal_gets_colours_and_a_file_objects() -> None:
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal, os.fdopen(ours, "rb", buffering=0) as seen:
        logs.configure(Settings(), terminal)
        log.info("hello")
        terminal.flush()
        assert b"\x1b[" in seen.read(1000)
    stream = written("auto")
    log.info("hello")
    assert objects(stream)[0]["event"] == "hello"
    assert sys.stderr not in [getattr(each, "stream", None) for each in logging.root.handlers]
