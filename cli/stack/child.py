"""One supervised process."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import StackError

POLL = 0.05
KILL_WAIT = 5.0
MARK = "TINTYPE_STACK"
"""Variable that marks a child with the data folder of its stack."""


@dataclass
class Child:
    """A command, how to know that it is ready, and how long it may take to stop."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[[int], bool]
    """Called with the process id."""
    grace: float = 10.0
    """Seconds between SIGTERM and SIGKILL."""
    process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    started: float = field(default=0.0, init=False)
    log_start: int = field(default=0, init=False)
    """Where in the log the present run begins."""
    crashes: int = field(default=0, init=False)

    @property
    def pid(self) -> int | None:
        """Return the process id while it runs."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C reaches the supervisor alone."""
        with self.log.open("ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                self.command,
                env={**_plain_environment(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started = time.monotonic()

    def wait_ready(self, seconds: float, stopping: Callable[[], bool] = lambda: False) -> None:
        """Wait until it is ready.

        Raises:
            StackError: it died, or was not ready in time; the message has the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not stopping():
            if self.process is None or self.process.poll() is not None:
                raise StackError(f"{self.name} did not start: {self.tail()}")
            if self.ready(self.process.pid):
                return
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} was not ready in {seconds:.0f} s: {self.tail()}")
            time.sleep(POLL)

    def terminate(self) -> None:
        """Ask it to stop."""
        if self.pid is not None and self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and what it started at once."""
        if self.pid is not None:
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        """Wait until it has stopped; after its grace, kill it."""
        if self.process is None:
            return
        try:
            self.process.wait(self.grace)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.wait(KILL_WAIT)

    def tail(self, lines: int = 8) -> str:
        """Return the end of what this run has logged."""
        try:
            written = self.log.read_bytes()[self.log_start :]
        except OSError:
            return "(no log)"
        return "\n".join(written.decode(errors="replace").splitlines()[-lines:])


def _plain_environment() -> dict[str, str]:
    """Return our environment without Tintype's variables: a child gets those that are meant."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TINTYPE_")}
