"""What an earlier run left behind when it could not clean up."""

from pathlib import Path

import psutil

from cli.stack.child import MARK

WAIT = 10.0


def clear_stale(data: Path) -> None:
    """End the processes of an earlier stack on the same data whose supervisor was killed.

    They are known by the mark in their environment: numbers of processes are used again.
    """
    left = {process.pid: process for process in psutil.process_iter() if _is_marked(process, data)}
    for process in left.values():
        # Each ends its own children in its own way.
        if _parent(process) not in left:
            process.terminate()
    for process in psutil.wait_procs(list(left.values()), timeout=WAIT)[1]:
        process.kill()


def _is_marked(process: psutil.Process, data: Path) -> bool:
    try:
        return process.environ().get(MARK) == str(data)
    except (psutil.Error, OSError):
        return False


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None
