"""The scripts that a release rests on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.pages import ROOT

RELEASE = ROOT / "infra" / "release"
CHANGELOG = "# Changelog\n\n## 1.2.0, 2026-12-24\n\n- Snow.\n\n## 1.1.0, 2026-11-30\n\n- Rain.\n"


def run(script: str, argument: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RELEASE / script), str(argument)]
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


@pytest.mark.parametrize("name", ["sns", "fast"])
def test_a_lock_is_narrowed_to_what_an_image_installs(name: str) -> None:
    done = run("narrow.py", ROOT / "requirements" / f"{name}.lock")
    assert done.returncode == 0, done.stderr
    entries = [entry.split() for entry in re.split(r"\n(?=\S)", done.stdout.strip())]
    packages = [Requirement(first).name for first, *_ in entries]
    assert len(packages) == len(set(packages)) > 60
    assert {"flask", "celery", "numpy"} <= set(packages)
    assert "tzdata" not in packages
    for _, *hashes in entries:
        assert any(each.startswith("--hash=sha256:") for each in hashes)


def test_lists_of_contents_are_made_from_what_images_install() -> None:
    makefile = (ROOT / "Makefile").read_text()
    dockerfile = (ROOT / "infra" / "docker" / "Dockerfile").read_text()
    (images,) = re.findall(r"^IMAGES := (.+)$", makefile, re.MULTILINE)
    assert images.split() == ["api:sns", "worker:fast"]
    for each in images.split():
        image, _, lock = each.partition(":")
        assert f"COPY --from=build-{lock} /opt/tintype" in dockerfile.split(f"AS {image}\n")[1]
