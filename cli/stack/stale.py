"""What an earlier run left behind when it could not clean up."""

import json
from pathlib import Path

import psutil

from cli.stack.child import MARK

WAIT = 10.0


def clear_stale(stack_file: Path, data: Path) -> None:
    """End processes of an earlier stack on the same data whose supervisor was killed.

    Process ids are reused, so each must carry the mark that only our children carry.
    """
    try:
        pids = json.loads(stack_file.read_text())["pids"]
        known = [pids["api"], *pids["workers"], pids["s3"], pids["redis"]]
    except (OSError, ValueError, KeyError, TypeError):
        known = []
    stale = [process for pid in known if pid and (process := _marked(pid, str(data)))]
    for process in stale:
        process.terminate()
    for process in psutil.wait_procs(stale, timeout=WAIT)[1]:
        process.kill()
    stack_file.unlink(missing_ok=True)


def _marked(pid: int, data: str) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if process.environ().get(MARK) == data else None
    except psutil.Error:
        return None
