import re
import shlex
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from sysconfig import get_path

import pytest

ROOT = Path(__file__).parents[3]
FILE = ROOT / "infra" / "docker" / "Dockerfile"
FINAL = ["api", "worker"]
BUILT = {"api": "build-sns", "worker": "build-fast"}
"""Where each final stage takes its packages from."""


@dataclass(frozen=True)
class Stage:
    """One stage of the build: on what it stands, and its instructions."""

    base: str
    steps: list[list[str]]

    def all(self, word: str) -> list[list[str]]:
        """The arguments of every instruction of one kind."""
        return [step[1:] for step in self.steps if step[0] == word]


def read_stages() -> dict[str, Stage]:
    text = re.sub(r"^#.*\n", "", FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    stages: dict[str, Stage] = {}
    steps: list[list[str]] = []
    for line in filter(None, text.splitlines()):
        words = shlex.split(line)
        if words[0] == "FROM":
            steps = []
            stages[words[3]] = Stage(words[1], steps)
        else:
            steps.append(words)
    return stages


STAGES = read_stages()


def lineage(name: str) -> list[Stage]:
    """A stage and those it stands on, the nearest first."""
    stages = []
    while name in STAGES:
        stages.append(STAGES[name])
        name = STAGES[name].base
    return stages


def copied() -> list[str]:
    """What is copied from the repository into any stage."""
    return [
        source
        for stage in STAGES.values()
        for words in stage.all("COPY")
        if not words[0].startswith("--from=")
        for source in words[:-1]
    ]


def test_hadolint_has_nothing_to_say() -> None:
    command = [str(Path(get_path("scripts")) / "hadolint"), "--no-color", str(FILE)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == ""


def test_the_final_stages_are_the_api_and_the_worker() -> None:
    bases = {stage.base for stage in STAGES.values()}
    assert [name for name in STAGES if name not in {*bases, *BUILT.values()}] == FINAL


@pytest.mark.parametrize("name", FINAL)
def test_a_final_stage_runs_as_an_ordinary_user(name: str) -> None:
    users = [words[-1] for stage in lineage(name) for words in stage.all("USER")]
    assert users
    assert users[0] not in ("root", "0")


@pytest.mark.parametrize("name", FINAL)
def test_a_final_stage_has_what_was_built_and_not_what_built_it(name: str) -> None:
    sources = [words for stage in lineage(name) for words in stage.all("COPY")]
    assert sources == [[f"--from={BUILT[name]}", "/opt/tintype", "/opt/tintype"]]


def test_the_worker_has_the_fast_engine_and_the_api_has_not() -> None:
    def installed(name: str) -> str:
        return " ".join(word for stage in lineage(name) for line in stage.steps for word in line)

    assert "requirements/fast.lock" in installed(BUILT["worker"])
    assert "fast" not in installed(BUILT["api"])


@pytest.mark.parametrize("name", FINAL)
def test_a_final_stage_starts_its_part_of_the_service(name: str) -> None:
    (command,) = STAGES[name].all("CMD")
    assert " ".join(command).startswith(f"[tintype, {name}")


def test_every_image_has_a_version() -> None:
    images = {stage.base for stage in STAGES.values()} - set(STAGES)
    assert images
    for image in images:
        assert re.fullmatch(r"[\w./-]+:\d[\w.-]+", image)


def test_every_source_that_is_copied_exists() -> None:
    assert copied()
    for source in copied():
        assert (ROOT / source).exists(), source


def test_no_weights_are_copied_or_fetched_by_name() -> None:
    assert not re.search(r"caffemodel|\.npy|networks|models pull", FILE.read_text())


def test_every_package_of_the_wheel_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) <= set(copied())


def test_nothing_that_is_copied_is_kept_from_the_build() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", ".tintype"} <= set(ignored)
    assert not set(copied()) & set(ignored)


def test_what_is_installed_has_been_locked_with_hashes() -> None:
    for stage in STAGES.values():
        for words in stage.all("RUN"):
            if "-r" in words:
                assert "--require-hashes" in words
                assert words.count("-r") == words.count("--require-hashes")
