"""A page in a real browser: what tests do with it and see on it."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FilePayload, Locator, Page, expect

from worker.colour.lightness import Pixels

SAMPLES = Path(__file__).parents[2] / "samples"
END_MS = 60_000
"""For whatever a worker has to do first, on a busy machine."""
GREY, COLOURED = 2.0, 5.0
"""Mean distance from grey, of 255, below and above which a picture counts as such."""


def payload(name: str, data: bytes, kind: str = "image/jpeg") -> FilePayload:
    """A file as someone chooses it."""
    return {"name": name, "mimeType": kind, "buffer": data}


def choose(page: Page, *files: FilePayload | Path) -> None:
    """Choose files of one kind: paths, or payloads."""
    page.set_input_files("#files", [*files])  # type: ignore[arg-type]


def drop(page: Page, files: Sequence[FilePayload]) -> None:
    """Drop files on the page, as the system does at the end of a drag."""
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const { name, mimeType, text } of files) {
                const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
                transfer.items.add(new File([bytes], name, { type: mimeType }));
            }
            return transfer;
        }""",
        [{"name": f["name"], "mimeType": f["mimeType"], "text": _base64(f)} for f in files],
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("body", event, {"dataTransfer": transfer})


def cards(page: Page, phase: str | None = None) -> Locator:
    """The cards on the first view, in all phases or in one."""
    return page.locator(f'#cards .card[data-phase="{phase}"]' if phase else "#cards .card")


def coloured_card(page: Page, *files: FilePayload | Path) -> Locator:
    """Choose files and return the first card once all are coloured and drawn."""
    choose(page, *files)
    expect(cards(page, "succeeded")).to_have_count(len(files), timeout=END_MS)
    card = cards(page).first
    drawn(card)
    return card


def drawn(card: Locator) -> None:
    """Wait until a card shows its result."""
    expect(card.locator(".after img.picture").first).to_have_js_property("complete", True)
    expect(card.locator(".after img.picture").first).not_to_have_js_property("naturalWidth", 0)
    expect(card.locator(".before img.picture")).not_to_have_js_property("naturalWidth", 0)


def split_at(card: Locator, percent: int) -> None:
    """Move the divider by keyboard: all the way to an end, then by pages and steps."""
    divider = card.get_by_role("slider", name="Before and after")
    divider.press("Home")
    for _ in range(percent // 10):
        divider.press("PageUp")
    for _ in range(percent % 10 // 2):
        divider.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", str(percent))


def pixels(locator: Locator) -> Pixels:
    """What is on the screen, (h, w, 3)."""
    with Image.open(io.BytesIO(locator.screenshot(animations="disabled"))) as image:
        return np.asarray(image.convert("RGB"))


def colour_of(part: Pixels | NDArray[np.uint8]) -> float:
    """The mean distance from grey of those pixels, of 255."""
    values = part.astype(np.float64)
    return float(np.mean(values.max(axis=-1) - values.min(axis=-1)))


def picture_colour(card: Locator) -> float:
    """How colourful the middle of the result is, without its mat, tags and divider."""
    split_at(card, 0)
    shown = pixels(card.locator(".frame"))
    height, width = shown.shape[:2]
    return colour_of(shown[height // 4 : 3 * height // 4, width // 4 : 3 * width // 4])


def _base64(file: FilePayload) -> str:
    from base64 import b64encode

    return b64encode(file["buffer"]).decode()
