"""How many cores this process may use."""

import os
from contextlib import suppress
from math import ceil
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""A container's share of the processors: microseconds in a period, and the period (cgroup v2)."""


def cores() -> int:
    """Return the cores that the scheduler grants, where it tells; else those of the machine.

    A container that may use two cores of a machine with 64 has two.
    """
    granted = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(granted or 1, _quota() or granted or 1)


def _quota() -> int | None:
    """Return the cores of a container's limit, rounded up; None without one."""
    with suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = QUOTA.read_text().split()
        if quota != "max":
            return max(1, ceil(int(quota) / int(period)))
    return None
