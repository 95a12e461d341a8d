"""Prints what locks have the images install, each once: narrow.py LOCK...

Locks are for every platform; the images have one Python on Linux, the Dockerfile says which.
"""

import re
import sys
from pathlib import Path

from packaging.requirements import Requirement

DOCKERFILE = Path(__file__).parents[1] / "docker" / "Dockerfile"


def platform(dockerfile: str) -> dict[str, str]:
    """Return the values of environment markers (PEP 508) in an image."""
    found = re.search(r"^FROM python:((\d+\.\d+)\.\d+)", dockerfile, re.MULTILINE)
    if not found:
        raise SystemExit(f"{DOCKERFILE} names no version of Python")
    return {
        "implementation_name": "cpython",
        "implementation_version": found[1],
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "python_full_version": found[1],
        "python_version": found[2],
        "sys_platform": "linux",
    }


def narrow(lock: str, environment: dict[str, str]) -> list[str]:
    """Return the entries of a lock that are installed there, without their markers."""
    kept = []
    for entry in re.split(r"\n(?=\S)", "\n" + re.sub(r"^ *#.*\n", "", lock, flags=re.MULTILINE)):
        line, *hashes = re.split(r"\s*\\\n\s*", entry.strip())
        if not line:
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            requirement.marker = None
            kept.append(" \\\n    ".join([str(requirement), *hashes]))
    return kept


def main(locks: list[str]) -> None:
    """Print the entries of all locks."""
    environment = platform(DOCKERFILE.read_text())
    entries = {entry for lock in locks for entry in narrow(Path(lock).read_text(), environment)}
    print("\n".join(sorted(entries)))


if __name__ == "__main__":
    main(sys.argv[1:])
