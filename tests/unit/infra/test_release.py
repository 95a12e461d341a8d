"""The scripts that a release rests on."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.pages import ROOT
from tests.unit.infra.test_images import BUILT, FINAL, lineage

RELEASE = ROOT / "infra" / "release"
CHANGELOG = "# Changelog\n\n## 1.2.0, 2026-12-24\n\n- Snow.\n\n## 1.1.0, 2026-11-30\n\n- Rain.\n"


def run(script: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RELEASE / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that can be released as 1.2.0."""
    chart = tmp_path / "infra" / "helm" / "tintype" / "Chart.yaml"
    chart.parent.mkdir(parents=True)
    chart.write_text('version: 1.2.0\nappVersion: "1.2.0"\n')
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def commit(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "All of it")


def test_what_can_be_released_has_its_notes(project: Path) -> None:
    done = run("check.py", project)
    assert (done.returncode, done.stdout) == (0, "Tintype 1.2.0\n\n- Snow.\n"), done.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("CHANGELOG.md", "## 1.2.0, 2026-12-24", "## 1.3.0, 2026-12-24", "no section '## 1.2.0"),
        ("CHANGELOG.md", "## 1.2.0, 2026-12-24", "## 1.2.0", "no section '## 1.2.0"),
        ("CHANGELOG.md", "- Snow.", "", "an empty one"),
        ("CHANGELOG.md", "## 1.2.0", "## Unreleased\n\n- Sun.\n\n## 1.2.0", "unreleased changes"),
        ("infra/helm/tintype/Chart.yaml", "version: 1", "version: 2", "version of infra/helm"),
        ("infra/helm/tintype/Chart.yaml", '"1.2.0"', '"1.2.1"', "appVersion of infra/helm"),
    ],
)
def test_what_is_amiss_is_said(
    project: Path, file: str, old: str, new: str, complaint: str
) -> None:
    path = project / file
    path.write_text(path.read_text().replace(old, new, 1))
    commit(project)
    done = run("check.py", project)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert done.stderr.startswith("1.2.0 cannot be released: ")


def test_a_version_is_released_once_and_from_a_commit(project: Path) -> None:
    git(project, "tag", "v1.2.0")
    (project / "new").touch()
    said = run("check.py", project).stderr
    assert "the tag v1.2.0 is there already" in said
    assert "not committed" in said


def test_the_changelog_of_this_project_can_be_read() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings
    for each in headings:
        assert each == "Unreleased" or re.fullmatch(r"\d+\.\d+\.\d+, \d{4}-\d\d-\d\d", each)


def installed() -> dict[str, list[str]]:
    """The locks that each image installs, by the Makefile."""
    found = re.findall(
        r"^(\w+)\.cdx\.json: LOCKS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    return {image: locks.split() for image, locks in found}


def test_lists_of_contents_have_the_locks_that_images_install() -> None:
    stages = {name: lineage(name) for name in FINAL}
    of_image = {
        name: {
            word.removeprefix("requirements/").removesuffix(".lock")
            for stage in [*lineage(BUILT[name]), *stages[name]]
            for words in stage.all("RUN")
            for before, word in pairwise(words)
            if before == "-r" and word.startswith("requirements/")
        }
        - {"build"}
        for name in FINAL
    }
    assert {image: set(locks) for image, locks in installed().items()} == of_image


@pytest.mark.parametrize("image", FINAL)
def test_locks_are_narrowed_to_what_an_image_installs(image: str) -> None:
    locks = [ROOT / "requirements" / f"{name}.lock" for name in installed()[image]]
    done = run("narrow.py", *locks)
    assert done.returncode == 0, done.stderr
    entries = [entry.split() for entry in re.split(r"\n(?=\S)", done.stdout.strip())]
    versions = {Requirement(first).name: first for first, *_ in entries}
    assert len(entries) == len(versions)
    assert {"flask", "celery", "numpy"} <= set(versions)
    assert "tzdata" not in versions
    for _, *hashes in entries:
        assert any(each.startswith("--hash=sha256:") for each in hashes)
