"""How much memory this process may take: a limit that the kernel keeps."""

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.settings import MIB

log = logging.getLogger(__name__)
_STATUS = Path("/proc/self/status")


class MemoryLimit:
    """What this process may take beyond what it holds when the limit is set.

    RLIMIT_DATA, see setrlimit(2): since Linux 4.7 it counts all private memory that can be
    written. RLIMIT_AS would also count what is only reserved: glibc's arenas, of 64 MiB for each
    thread, and files that are mapped.
    """

    def __init__(self, beyond: int) -> None:
        """``beyond``: bytes; 0 sets no limit."""
        self._beyond = beyond
        self._before = resource.getrlimit(resource.RLIMIT_DATA)

    def set(self) -> None:
        """Have allocations fail from now on that go beyond what is held now, and the allowance.

        Where the system cannot keep such a limit, the log says so and nothing else happens.
        """
        if not self._beyond:
            return
        held = data_bytes()
        if held is None:
            log.warning("this system limits no memory: TINTYPE_MAX_MEMORY has no effect")
            return
        soft, hard = self._before
        limit = held + self._beyond
        if soft != resource.RLIM_INFINITY:
            limit = min(limit, soft)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
        log.info("memory: %d MiB held, at most %d MiB allowed", held // MIB, limit // MIB)

    def lift(self) -> None:
        """Let this process take what it could before."""
        resource.setrlimit(resource.RLIMIT_DATA, self._before)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the limit in this block."""
        self.set()
        try:
            yield
        finally:
            self.lift()

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Lift the limit in this block; what is held at its end does not count after it."""
        self.lift()
        try:
            yield
        finally:
            self.set()


UNLIMITED = MemoryLimit(0)


def room() -> int | None:
    """Return the bytes that this process may still take; None if nothing limits it."""
    soft, _ = resource.getrlimit(resource.RLIMIT_DATA)
    held = data_bytes()
    if soft == resource.RLIM_INFINITY or held is None:
        return None
    return max(0, soft - held)


def data_bytes() -> int | None:
    """Return what RLIMIT_DATA counts of this process, bytes; None where only Linux would know."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData")), None)
