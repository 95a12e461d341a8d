"""What C libraries print past all loggers, such as libjpeg's warnings: lines of the job in hand."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

log = logging.getLogger(__name__)
STDERR = 2
MOST_LINES = 20
"""Of one attempt."""
MOST_CHARACTERS = 500
"""Of a line; of an attempt, as many bytes are read as so many such lines have."""


class NativeOutput:
    """Tells apart what a process logs and what is printed in it; for one thread at a time."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._own: IO[str] | None = None

    def tell_apart(self) -> None:
        """Have our own lines written past standard error, to where it leads now."""
        self._own = os.fdopen(os.dup(STDERR), "w", buffering=1)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        for handler in logging.getLogger().handlers:
            if isinstance(handler, logging.StreamHandler) and _is_stderr(handler.stream):
                handler.setStream(self._own)

    def close(self) -> None:
        """Undo that, but for the handlers."""
        for each in (self._own, self._file):
            if each:
                each.close()
        self._own = self._file = None

    @contextmanager
    def logged(self) -> Iterator[None]:
        """Log what is printed in this block, at its end."""
        if self._file is None or self._own is None:
            yield
            return
        os.dup2(self._file.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(self._own.fileno(), STDERR)
            self._tell(self._file)

    def _tell(self, file: IO[bytes]) -> None:
        file.seek(0)
        for line in file.read(MOST_LINES * MOST_CHARACTERS).split(b"\n")[:MOST_LINES]:
            if text := line.decode(errors="replace").strip():
                log.warning("%s", text[:MOST_CHARACTERS])
        file.seek(0)
        file.truncate()


def _is_stderr(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.fileno() == STDERR
    except (OSError, ValueError):  # it leads to no file, or is closed
        return False


OUTPUT = NativeOutput()
"""Of this process: it has one standard error."""
