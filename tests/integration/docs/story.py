"""A page as its reader lives it: its blocks in order, in one folder, with one environment."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from pydantic import SecretStr

from cli.stack import servers
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.integration.conftest import Service
from tests.support.pages import ROOT, Block
from tests.support.waiting import eventually

LIMIT = 60.0
"""Seconds for one block."""
SCANS = ("cat.jpg", "astronaut.jpg", "coffee.jpg")
API, RECEIVER = "127.0.0.1:8000", "127.0.0.1:9000"
"""Addresses in the pages, in whose place the tests' own come."""


@dataclass
class Story:
    """What lasts from one block to the next."""

    folder: Path
    state: Path
    """Script that sets the variables of earlier blocks."""
    places: dict[str, str] = field(default_factory=dict)
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def use(self, data: Path) -> None:
        """Talk to the stack on this data from now on, in which a reader has some scans."""
        stack = json.loads((data / "stack.json").read_text())
        self.places[API] = urlsplit(stack["api"]).netloc
        with self.state.open("a") as state:
            state.write(f"export TINTYPE_API={quote(stack['api'])}\n")
        _put_scans(stack["s3"])

    def run(self, block: Block) -> None:
        """Run a block; a service that it starts stays."""
        if "tintype up" in block.text:
            self._start_service(block)
        else:
            code = self._start(self._script(block)).wait(LIMIT)
            assert code == 0, f"{block.page}:{block.line} exit code {code}: {self._said()}"

    def _start_service(self, block: Block) -> None:
        data = self.folder / ".tintype"
        data.unlink(missing_ok=True)
        text = block.text.replace("tintype up", "exec tintype up --port 0")
        service = self._start(f"source {quote(str(self.state))}\n{text}")
        file = data / "stack.json"
        eventually(lambda: file.exists() or service.poll() is not None, LIMIT, "the service")
        assert service.poll() is None, f"{block.page}:{block.line}: {self._said()}"
        self.use(data)

    def _script(self, block: Block) -> str:
        text, state = block.text, quote(str(self.state))
        for written, real in self.places.items():
            text = text.replace(written, real)
        if block.language != "python":
            # What a block sets, the next one has.
            return f"set -euo pipefail -o allexport\nsource {state}\n{text}\nexport -p > {state}\n"
        program = self.state.with_name("block.py")
        program.write_text(text)
        return f"source {state}\nexec python -W error {quote(str(program))}\n"

    def _start(self, script: str) -> "subprocess.Popen[bytes]":
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.folder,
                env=_environment(self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    @property
    def _log(self) -> Path:
        return self.state.with_name(f"{len(self.started)}.log")

    def _said(self) -> str:
        return self.state.with_name(f"{len(self.started) - 1}.log").read_text(errors="replace")

    def end(self) -> None:
        """End what the blocks have left running."""
        for process in reversed(self.started):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(LIMIT)


@contextmanager
def told(folder: Path, service: Service) -> Iterator[Story]:
    """Begin a story in an empty folder beside the samples, where the tests' service runs."""
    place, own = folder / "reader", folder / "own"
    place.mkdir()
    own.mkdir()
    (place / "samples").symlink_to(ROOT / "samples")
    (place / ".tintype").symlink_to(service.data)
    (own / "state").touch()
    story = Story(place, own / "state")
    story.places[RECEIVER] = f"127.0.0.1:{servers.free_port()}"
    try:
        story.use(service.data)
        yield story
    finally:
        story.end()


def _environment(folder: Path) -> dict[str, str]:
    """Return what a reader has, and nothing of the tests' own."""
    programs = Path(sys.executable).parent
    kept = {name: os.environ[name] for name in ("XDG_CACHE_HOME", "LANG") if name in os.environ}
    return kept | {"PATH": f"{programs}:{os.defpath}:/usr/local/bin", "HOME": str(folder.parent)}


def _put_scans(s3: dict[str, str]) -> None:
    settings = Settings(
        s3_endpoint=s3["endpoint"],
        s3_access_key=s3["access_key"],
        s3_secret_key=SecretStr(s3["secret_key"]),
    )
    for name in SCANS:
        ref = ObjectRef(bucket=s3["bucket"], key=f"scans/{name}")
        Storage(settings).store(ref, (ROOT / "samples" / name).read_bytes(), "image/jpeg")
