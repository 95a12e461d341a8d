"""``tintype colorize`` in tests: photographs, and what came of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import Result

from tests.support.images import encoded, gradient

Run = Callable[..., Result]


def photo(name: str, seed: int = 0) -> bytes:
    """Write a photograph; its format is its suffix's."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    format = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF"}.get(path.suffix)
    path.write_bytes(encoded(gradient(seed=seed), format or path.suffix[1:].upper()))
    return path.read_bytes()


def files(folder: str) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()
    }


def reports(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]
