"""What this machine gives: disk, open files, limits on memory."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

from cli.doctor.findings import Finding, ok, problem, warning
from cli.doctor.subject import Subject
from core.settings import Settings

GIB = 1024**3
LEAST_DISK, WANTED_DISK = GIB, 5 * GIB
LEAST_FILES, WANTED_FILES = 256, 1024
"""A process of the API has TINTYPE_API_THREADS requests open, with up to three sockets each."""


def examine(subject: Subject) -> Iterator[Finding]:
    """Look at the machine."""
    yield _disk(subject.data)
    yield judge_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    yield _memory(subject.settings)


def judge_disk(folder: Path, free: int) -> Finding:
    """Say whether ``free`` bytes are enough for what servers keep."""
    found = f"{free / GIB:.1f} GiB free for {folder}"
    if free < LEAST_DISK:
        return problem("disk", found, "make room: when it is full, Redis refuses to write")
    if free < WANTED_DISK:
        return warning("disk", found, "make room soon")
    return ok("disk", found)


def judge_files(most: int) -> Finding:
    """Say whether a process may open enough files."""
    if most == resource.RLIM_INFINITY:
        return ok("open files", "no limit")
    found = f"at most {most} in one process"
    if most >= WANTED_FILES:
        return ok("open files", found)
    say = problem if most < LEAST_FILES else warning
    return say("open files", found, f"raise it: ulimit -n {WANTED_FILES}")


def _disk(data: Path) -> Finding:
    folder = next(path for path in (data.absolute(), *data.absolute().parents) if path.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return problem("disk", f"{folder} cannot be written to", "name another folder with --data")
    return judge_disk(data, shutil.disk_usage(folder).free)


def _memory(settings: Settings) -> Finding:
    from worker.memory import data_bytes

    name, limit = "memory limit", settings.memory
    if not limit:
        return warning(name, "none: TINTYPE_MAX_MEMORY is 0", "set it if you take foreign files")
    if data_bytes() is None:
        advice = "run workers on Linux, or in a container with a limit of memory"
        return warning(name, "this system keeps none: TINTYPE_MAX_MEMORY has no effect", advice)
    return ok(name, f"{limit / GIB:.1f} GiB for one picture, kept by the kernel")
