"""The service as Kubernetes runs it: an ordinary user, and nothing to write to but one folder.

A mount namespace makes every file system read-only, for the processes in it alone.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import urllib3
from redis import Redis

from cli.stack import servers
from core.jobs import Job, State
from core.objects import ObjectRef
from core.settings import Settings
from core.storage import Storage
from tests.support.images import encoded, gradient
from tests.support.waiting import eventually

USER = "10001"
SEALED = """
folder=$1; shift
awk '{print $2}' /proc/self/mounts | grep -vE '^/(proc|sys|dev)(/|$)' | while read -r point; do
    mount -o remount,bind,ro "$point"
done
mount --bind "$folder" "$folder"
mount -o remount,bind,rw "$folder"
cd /
exec "$@"
"""
SOURCE = ObjectRef(bucket="tintype", key="read-only/a.jpg")


@pytest.fixture
def folder() -> Iterator[Path]:
    """The one folder that can be written to; the user can reach it, unlike those of pytest."""
    with TemporaryDirectory() as name:
        os.chown(name, int(USER), int(USER))
        yield Path(name)


class Sealed:
    """Runs commands where one folder alone can be written to."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        places = {"HOME": folder, "TMPDIR": folder, "XDG_CACHE_HOME": folder / "cache"}
        self._environment = {
            "PATH": os.environ["PATH"],
            **{name: str(place) for name, place in places.items()},
            **settings.as_environment(),
        }

    def command(self, *words: str) -> list[str]:
        # The interpreter may lie in a folder of root's: what can be read is not the matter here.
        read = "dac_read_search"
        user = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs"]
        user += ["--bounding-set", f"-all,+{read}", "--inh-caps", f"-all,+{read}"]
        user += ["--ambient-caps", f"-all,+{read}"]
        space = ["unshare", "--mount", "--propagation", "private"]
        return [*space, "sh", "-euc", SEALED, "sh", str(self._folder), *user, *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = self.command(*words)
        return subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False
        )

    @contextmanager
    def started(self, log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        with log.open("wb") as sink:
            process = subprocess.Popen(
                self.command(*words), env=self._environment, stdout=sink, stderr=sink
            )
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(30) == 0, log.read_text()


@pytest.fixture
def sealed(folder: Path, redis: Redis, redis_url: str, s3_settings: Settings) -> Sealed:
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("setpriv")):
        pytest.skip("needs root, and unshare and setpriv of util-linux")
    assert redis.dbsize() == 0, "jobs of other tests would be done, too"
    given = {name: getattr(s3_settings, name) for name in s3_settings.model_fields_set}
    return Sealed(folder, Settings(**given, redis_url=redis_url, concurrency=1))


TINTYPE = str(Path(sys.executable).with_name("tintype"))


def test_it_is_an_ordinary_user_who_can_write_to_one_folder_alone(
    sealed: Sealed, folder: Path, tmp_path: Path
) -> None:
    assert sealed.run("id", "-u").stdout.strip() == USER
    assert sealed.run("touch", str(folder / "a")).returncode == 0
    for place in (tmp_path, Path("/tmp"), Path(sys.prefix), Path("/var/tmp")):
        refused = sealed.run("touch", str(place / "a"))
        assert "Read-only file system" in refused.stderr, place


def test_a_job_is_done_with_one_folder_to_write_to(
    sealed: Sealed, folder: Path, tmp_path: Path, storage: Storage
) -> None:
    storage.store(SOURCE, encoded(gradient()), "image/jpeg")
    port = servers.free_port()
    url = f"http://127.0.0.1:{port}"
    logs = {name: tmp_path / f"{name}.log" for name in ("api", "worker")}
    with (
        sealed.started(logs["api"], TINTYPE, "api", "--bind", f"127.0.0.1:{port}"),
        sealed.started(logs["worker"], TINTYPE, "worker"),
    ):
        eventually(lambda: sealed.run(TINTYPE, "alive").returncode == 0, what="a warm worker")
        http = urllib3.PoolManager(retries=3)
        order = {"source": SOURCE.model_dump(), "options": {"force": True}}
        answer = http.request("POST", f"{url}/v1/jobs", json=order, headers={"Prefer": "wait=30"})
        job = Job.model_validate_json(answer.data)
        http.clear()
    assert job.state is State.SUCCEEDED, job.error
    assert list((folder / "cache" / "tintype" / "openvino").iterdir())
    for name, log in logs.items():
        assert "Read-only" not in log.read_text(), name
