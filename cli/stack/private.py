"""Files that this user alone can read: keys and secrets."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file whole, with mode 0600 from its first byte on."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    part.replace(path)
