"""docs/fidelity.md says of every format what it holds; this is where it is found out."""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np

from core.formats import OutputFormat
from tests.support.images import gradient
from tests.unit.worker.images.test_exif import block
from tests.unit.worker.images.test_kept import IPTC
from tests.unit.worker.images.test_xmp import packet
from worker.images import Photo, decode, encode
from worker.images.exif import upright
from worker.images.icc import srgb_profile

DOCS = Path(__file__).parents[4] / "docs" / "fidelity.md"
RGB = np.dstack([gradient(24, 32, seed=seed) for seed in range(3)])
DEEP = RGB.astype(np.uint16) * 257 - 5 * (RGB > 9).astype(np.uint16)
FORMATS = get_args(OutputFormat)
ALL = Photo(
    DEEP,
    np.full((24, 32), 30_000, np.uint16),
    "png",
    exif=upright(block("<"), 32, 24),
    icc=srgb_profile(),
    dpi=(300, 600),
    xmp=packet(),
    iptc=IPTC,
    texts=(b"tEXtAuthor\0Ansel",),
)
HELD: dict[str, Callable[[Photo], bool]] = {
    "16 bits a channel": lambda photo: photo.pixels.dtype == np.uint16,
    "pixels exactly as composed": lambda photo: np.array_equal(photo.pixels, DEEP),
    "alpha": lambda photo: photo.alpha is not None,
    "EXIF": lambda photo: photo.exif is not None and b"body-12345" in photo.exif,
    "XMP, with the provenance": lambda photo: photo.xmp == ALL.xmp,
    "IPTC-IIM": lambda photo: photo.iptc == IPTC,
    "ICC profile": lambda photo: photo.icc == srgb_profile(),
    "pixels an inch": lambda photo: (
        photo.dpi is not None and np.allclose(photo.dpi, (300, 600), 1e-4)
    ),
    "text chunks of a PNG": lambda photo: photo.texts == ALL.texts,
}


def table() -> str:
    read = {format: decode(encode(ALL, format), 10**6) for format in FORMATS}
    lines = [f"| the result's | {' | '.join(FORMATS)} |", "|---|" + "---|" * len(FORMATS)]
    for name, holds in HELD.items():
        cells = ["yes" if holds(read[format]) else "–" for format in FORMATS]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def test_the_table_of_the_docs_is_true() -> None:
    found = table()
    assert found in DOCS.read_text(), f"docs/fidelity.md needs:\n{found}"
