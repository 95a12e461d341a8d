"""Says whether this commit can be released, and prints its notes: check.py [FOLDER].

The version is that of pyproject.toml; the chart has the same, the changelog a section for it with
its day, and no tag has it yet.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


def sections(changelog: str) -> dict[str, str]:
    """Return the text below each heading of the changelog."""
    _, *parts = HEADING.split(changelog)
    return {name.strip(): text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}


def notes(changelog: str, version: str) -> str | None:
    """Return the text of a version's section; None if it has none with a day, or an empty one."""
    for name, text in sections(changelog).items():
        if re.fullmatch(rf"{re.escape(version)}, \d{{4}}-\d\d-\d\d", name):
            return text or None
    return None


def git(root: Path, *arguments: str) -> str:
    """Return what git prints."""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def problems(root: Path, version: str) -> Iterator[str]:
    """Yield what keeps this commit from being released, and what to do about it."""
    chart = (root / "infra" / "helm" / "tintype" / "Chart.yaml").read_text()
    for name in ("version", "appVersion"):
        if not re.search(rf'^{name}: "?{re.escape(version)}"?$', chart, re.MULTILINE):
            yield f"{name} of infra/helm/tintype/Chart.yaml is not {version}"
    changelog = (root / "CHANGELOG.md").read_text()
    if notes(changelog, version) is None:
        yield f"CHANGELOG.md has no section '## {version}, YYYY-MM-DD', or an empty one"
    if sections(changelog).get("Unreleased"):
        yield f"CHANGELOG.md has unreleased changes: move them to the section of {version}"
    if git(root, "status", "--porcelain"):
        yield "there are changes that are not committed"
    if git(root, "tag", "--list", f"v{version}"):
        yield f"the tag v{version} is there already: raise the version in pyproject.toml"


def main(root: Path) -> None:
    """Print the notes, or what is amiss."""
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if found := list(problems(root, version)):
        sys.exit("\n".join(f"{version} cannot be released: {each}" for each in found))
    print(f"Tintype {version}\n\n{notes((root / 'CHANGELOG.md').read_text(), version)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
