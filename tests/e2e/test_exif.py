"""The page's own reader of EXIF, on good files, cut ones and noise."""

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from playwright.sync_api import Page

Facts = list[tuple[str, str]]
Read = Callable[[list[bytes]], list[Facts]]


@pytest.fixture
def read(page: Page) -> Read:
    def run(files: list[bytes]) -> list[Facts]:
        found: list[Facts] = page.evaluate(
            """async (files) => {
                const { summary } = await import('/web/js/exif.js');
                return files.map((text) => {
                    const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
                    return summary(bytes.buffer);
                });
            }""",
            [base64.b64encode(file).decode() for file in files],
        )
        return found

    return run


def photograph(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B] = "Ernst", "Ernst Leica II", "A. Person"
    inner = exif.get_ifd(0x8769)
    inner[0x829A], inner[0x829D], inner[0x8827] = IFDRational(1, 125), IFDRational(28, 5), 200
    inner[0x9003], inner[0x920A], inner[0xA434] = "1936:05:01 12:30:00", IFDRational(50), "Elmar"
    out = io.BytesIO()
    Image.new("L", (16, 16)).save(out, kind, exif=exif.tobytes() if kind != "TIFF" else exif)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_summary_of_a_photograph(read: Read, kind: str) -> None:
    [facts] = read([photograph(kind)])
    assert dict(facts) == {
        "Camera": "Ernst Leica II",
        "Lens": "Elmar",
        "Taken": "1936-05-01 12:30:00",
        "Exposure": "1/125 s",
        "Aperture": "f/5.6",
        "Sensitivity": "ISO 200",
        "Focal length": "50 mm",
        "By": "A. Person",
    }


def test_files_that_are_cut_or_damaged_are_read_without_harm(read: Read) -> None:
    rng = np.random.default_rng(7)
    files = []
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        good = photograph(kind)
        files += [good[:length] for length in range(0, min(len(good), 600), 7)]
        for _ in range(150):
            damaged = bytearray(good)
            for at in rng.integers(0, min(len(good), 400), 6):
                damaged[at] = int(rng.choice(np.array([0, 1, 8, 0x2A, 0xFF])))
            files.append(bytes(damaged))
    files += [rng.bytes(2000) for _ in range(50)]
    answers = read(files)
    assert len(answers) == len(files)
    assert all(len(value) <= 210 for facts in answers for _, value in facts)
    assert any(answers)
