"""Fetching a network's files: resumable, checked, atomic."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3
from urllib3.exceptions import HTTPError

from core.errors import DownloadFailed, ModelCorrupt
from models.manifest import Model, ModelFile, check_file

CHUNK = 256 * 1024
Progress = Callable[[str, int, int], None]
"""Called with file name, bytes so far, bytes in all."""


def pull(model: Model, progress: Progress = lambda *_: None) -> None:
    """Fetch every file that is missing or wrong; what was fetched before goes on where it stopped.

    Of several that pull into one folder, one fetches and the others wait. Where nothing is
    missing, nothing is written.

    Raises:
        DownloadFailed: a host cannot be reached or refuses.
        ModelCorrupt: what came is not what the manifest promises (a stub, or another file).
    """
    if all(_is_good(model.path(role), file) for role, file in model.files):
        return
    model.folder.mkdir(parents=True, exist_ok=True)
    timeout = urllib3.Timeout(connect=10, read=30)
    with _locked(model.folder), urllib3.PoolManager(timeout=timeout) as http:
        for role, file in model.files:
            path = model.path(role)
            if not _is_good(path, file):
                _fetch(http, file, path, progress)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Wait until nobody else pulls into a folder; the lock ends with its process."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_good(path: Path, file: ModelFile) -> bool:
    if not path.is_file():
        return False
    try:
        check_file(path, file)
    except ModelCorrupt:
        return False
    return True


def _fetch(http: urllib3.PoolManager, file: ModelFile, path: Path, progress: Progress) -> None:
    if file.url is None:
        raise ModelCorrupt(f"{path} is missing or wrong, and its manifest names no URL for it")
    part = path.with_name(f"{path.name}.part")
    try:
        _download(http, file.url, file, part, progress)
        check_file(part, file)
    except (HTTPError, OSError) as error:
        raise DownloadFailed(
            f"{file.url} cannot be fetched: {error}; "
            f"run the command again to go on, or place the file at {path} yourself"
        ) from error
    except ModelCorrupt:
        part.unlink()
        raise
    part.replace(path)


def _download(
    http: urllib3.PoolManager, url: str, file: ModelFile, part: Path, progress: Progress
) -> None:
    """Append to the part what is missing; start over where the server ignores the range."""
    done = part.stat().st_size if part.is_file() else 0
    if done == file.bytes:
        return
    if done > file.bytes:
        part.unlink()
        done = 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    answer = http.request("GET", url, headers=headers, preload_content=False)
    try:
        if answer.status not in (200, 206):
            raise OSError(f"the server answered {answer.status} {answer.reason or ''}".strip())
        resumed = answer.status == 206
        done = done if resumed else 0
        with part.open("ab" if resumed else "wb") as sink:
            for chunk in answer.stream(CHUNK):
                done += len(chunk)
                if done > file.bytes:
                    raise ModelCorrupt(f"{url} sends more than the promised {file.bytes} bytes")
                sink.write(chunk)
                progress(file.name, done, file.bytes)
    finally:
        answer.release_conn()
