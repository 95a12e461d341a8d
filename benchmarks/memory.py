"""Resident memory of this process and others, as Linux counts it."""

from pathlib import Path

import psutil


class Peak:
    """Between entering and leaving: the highest resident memory, and how much that was more."""

    total = 0
    """Bytes at the highest point."""
    extra = 0
    """Bytes above where it began."""

    def __enter__(self) -> "Peak":
        """Forget earlier peaks."""
        Path("/proc/self/clear_refs").write_text("5")
        self._before = psutil.Process().memory_info().rss
        return self

    def __exit__(self, *_: object) -> None:
        """Read the peak."""
        self.total = _high_water()
        self.extra = self.total - self._before


def _high_water() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("the kernel does not tell the peak of resident memory")
