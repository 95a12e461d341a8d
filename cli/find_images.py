"""Which files a command colorizes, and where their results go."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.formats import READABLE


@dataclass(frozen=True)
class Target:
    """One image to do: where it is, and where its result goes, without the suffix."""

    source: Path
    stem: Path


@dataclass
class Found:
    """What a search has found."""

    targets: list[Target] = field(default_factory=list)
    errors: list[OSError] = field(default_factory=list)
    """Folders that cannot be read."""
    left_out: Counter[str] = field(default_factory=Counter)
    """Files in folders that are no images by their names, by ending."""


def find(paths: Sequence[Path], output: Path) -> Found:
    """Find every image: files as named, folders all the way down but for the results' folder.

    A folder keeps its structure in the results, below its own name if there are several paths.
    Images whose results would share a name keep their endings in it.
    """
    found = Found()
    for path in paths:
        if path.is_dir():
            base = output / path.resolve().name if len(paths) > 1 else output
            for file in _walk(path, output.resolve(), found):
                parent = base / file.relative_to(path).parent
                found.targets.append(Target(file, parent / _stem(file)))
        else:
            found.targets.append(Target(path, output / _stem(path)))
    shared = Counter(target.stem for target in found.targets)
    found.targets = [
        replace(target, stem=target.stem.with_name(target.source.name))
        if shared[target.stem] > 1
        else target
        for target in found.targets
    ]
    return found


def _walk(folder: Path, results: Path, found: Found) -> Iterator[Path]:
    """Yield the images below a folder in order; note what is no image and what cannot be read."""
    nested = results.is_relative_to(folder.resolve())
    for root, folders, files in os.walk(folder, onerror=found.errors.append):
        here = Path(root)
        folders[:] = sorted(
            name for name in folders if not (nested and (here / name).resolve() == results)
        )
        if nested and here.resolve() == results:
            continue
        for name in sorted(files):
            ending = Path(name).suffix.lower()
            if ending.lstrip(".") in READABLE and not name.startswith("."):
                yield here / name
            else:
                found.left_out["hidden" if name.startswith(".") else ending or "no ending"] += 1


def _stem(file: Path) -> str:
    """Return the name without its ending; one that would be dots alone stays whole."""
    return file.stem if file.stem.strip(".") else file.name
