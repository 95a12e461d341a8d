import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = {path.parent.name for path in ROOT.glob("*/__init__.py")}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
HOST = re.compile(r"://|\b[\w-]+\.(?:com|dev|io|net|org)\b")
DECLARED = [
    *PROJECT["project"]["dependencies"],
    *(line for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines),
    *(line for lines in PROJECT["dependency-groups"].values() for line in lines),
]
OF_LOCK = {
    "base": PROJECT["project"]["dependencies"],
    "build": PROJECT["dependency-groups"]["build"],
    "embedded": PROJECT["project"]["optional-dependencies"]["embedded"],
    "fast": PROJECT["project"]["optional-dependencies"]["fast"],
    "otel": PROJECT["project"]["optional-dependencies"]["otel"],
    "sns": PROJECT["project"]["optional-dependencies"]["sns"],
    "dev": PROJECT["dependency-groups"]["dev"],
    "release": PROJECT["dependency-groups"]["release"],
}


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def entries(lock: Path) -> list[tuple[str, list[str]]]:
    """Each requirement of a lock, and its other arguments."""
    lines = (line for line in lock.read_text().splitlines() if not line.strip().startswith("#"))
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (requirement.strip(), [f"--{argument.strip()}" for argument in arguments])
        for requirement, *arguments in (
            line.split(" --") for line in joined.splitlines() if line.strip()
        )
    ]


def pins(lock: Path) -> dict[str, set[str]]:
    """The versions of each package; a package may have one for each platform."""
    found: dict[str, set[str]] = {}
    for text, _ in entries(lock):
        requirement = Requirement(text)
        version = str(requirement.specifier).removeprefix("==")
        found.setdefault(canonicalize_name(requirement.name), set()).add(version)
    return found


def test_each_set_of_dependencies_has_its_lock() -> None:
    assert {lock.stem for lock in LOCKS} == set(OF_LOCK)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_line_of_a_lock_is_one_version_with_hashes(lock: Path) -> None:
    assert entries(lock)
    for text, arguments in entries(lock):
        requirement = Requirement(text)
        assert requirement.url is None, text
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), text
        assert arguments, f"{text} has no hash"
        assert all(HASH.fullmatch(argument) for argument in arguments), text


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_names_no_index_and_no_host(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    assert [line for line in lines if line.startswith("-")] == []
    assert [line for line in lines if HOST.search(line)] == []


@pytest.mark.parametrize("name", OF_LOCK)
def test_a_lock_has_what_the_project_asks_for(name: str) -> None:
    locked = pins(ROOT / "requirements" / f"{name}.lock")
    for requirement in map(Requirement, OF_LOCK[name]):
        versions = locked[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version) for version in versions), requirement


@pytest.mark.parametrize("smaller", ["base", "build", "embedded", "otel", "sns"])
def test_the_lock_of_development_holds_the_others(smaller: str) -> None:
    everything = pins(ROOT / "requirements" / "dev.lock")
    for name, versions in pins(ROOT / "requirements" / f"{smaller}.lock").items():
        assert everything[name] == versions, name


@pytest.mark.parametrize("text", DECLARED)
def test_a_dependency_has_a_lower_and_an_upper_bound(text: str) -> None:
    operators = {specifier.operator for specifier in Requirement(text).specifier}
    assert operators & {">=", "==", "~="}
    assert operators & {"<", "<=", "==", "~="}


def test_the_wheel_has_every_package_of_the_product() -> None:
    listed = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(listed) == PACKAGES - {"benchmarks", "tests"}


def test_types_and_import_rules_cover_every_package() -> None:
    assert set(PROJECT["tool"]["mypy"]["files"]) == PACKAGES
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == PACKAGES - {"tests"}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_no_committed_text_names_the_package_index() -> None:
    hosts = [".".join(parts) for parts in (("pypi", "org"), ("files", "pythonhosted", "org"))]
    patterns = [word for host in hosts for word in ("-e", host)]
    folders = ["--", ".", ":!samples", ":!docs"]
    found = git("grep", "--fixed-strings", "--files-with-matches", "-I", *patterns, *folders)
    assert found.stdout == ""
    assert found.returncode == 1, found.stderr
