"""Logging, the same in every process: JSON lines for programs, or readable ones for people.

Our code and libraries use ``logging``; structlog formats what they say. What ``context`` was told
is on every line of its block, whoever writes it.
"""

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor

from core.settings import Settings

context = structlog.contextvars.bound_contextvars
"""``with context(job_id=…):`` puts fields on every line that this thread writes in the block."""
bind = structlog.contextvars.bind_contextvars
"""The same until ``forget``, or the end of the ``context`` around it for fields that it has."""
forget = structlog.contextvars.clear_contextvars

NOISY = ("botocore", "boto3", "s3transfer", "urllib3", "kombu", "amqp")
"""Libraries whose debugging lines have signed requests, or are too many to be of use."""
SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)(\w+://)[^/\s@'\"]*@"), r"\1…@"),
    (re.compile(r"(?i)(https?://[^\s?'\"<>]*)\?[^\s'\"<>]*"), r"\1?…"),
    (re.compile(r"(?i)(X-Amz-[\w-]+=)[^&\s'\"]+"), r"\1…"),
    (re.compile(r"(?i)(password=)[^&\s'\"]+"), r"\1…"),
    (re.compile(r"(tt_[a-z0-9]{8}_)[A-Za-z0-9_-]+"), r"\1…"),
    (re.compile(r"(whsec_)[A-Za-z0-9+/=]+"), r"\1…"),
    (re.compile(r"(?i)(bearer )[^\s'\"]+"), r"\1…"),
)
"""Users and passwords in URLs, queries of URLs, keys, signing secrets."""


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Have everything that this process logs written to a stream, by default standard error."""
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    is_terminal = stream.isatty()
    wanted = settings.log_format
    pretty = is_terminal if wanted == "auto" else wanted == "pretty"
    handler.setFormatter(pretty_formatter(colours=is_terminal) if pretty else json_formatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))


def json_formatter() -> logging.Formatter:
    """Return what makes one object of ASCII alone of each line, with a ``timestamp`` (RFC 3339)."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return _formatter(stamp, structlog.processors.JSONRenderer())


def pretty_formatter(*, colours: bool) -> logging.Formatter:
    """Return what makes a readable line of each, with nothing in it that steers a terminal."""
    stamp = structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True)
    renderer = structlog.dev.ConsoleRenderer(
        colors=colours,
        pad_event_to=0,
        # The usual one shows the variables of every frame.
        exception_formatter=structlog.dev.plain_traceback,
    )
    return _formatter(stamp, _printable, renderer)


def _formatter(stamp: Processor, *last: Processor) -> logging.Formatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            stamp,
            structlog.processors.format_exc_info,
            _without_secrets,
            *last,
        ],
    )


def _without_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {name: redacted(value) for name, value in event.items()}


def redacted(value: object) -> object:
    """Return a text without its secrets; anything else as it is."""
    if not isinstance(value, str):
        return value
    for pattern, instead in SECRETS:
        value = pattern.sub(instead, value)
    return value


def _printable(_logger: object, _method: str, event: EventDict) -> EventDict:
    return {name: _one_line(name, value) for name, value in event.items()}


def _one_line(name: str, value: object) -> object:
    """Escape what is not printable; indent a traceback, so that no line of it looks like ours."""
    if not isinstance(value, str):
        return value
    if name == "exception":
        return "\n".join(f"    {_escaped(line)}" for line in value.splitlines())
    return _escaped(value)


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
