"""The pictures of the README. ``SCREENSHOTS=docs make test-browser`` renews them."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Opened
from tests.support.browser import END_MS, SAMPLES, cards, choose, colour_of, drawn

MOST_BYTES = 400_000
SHOWN = ("cat.jpg", "rocket.jpg", "grace-hopper.jpg", "coffee.jpg")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(os.environ.get("SCREENSHOTS") or tmp_path)


def save(page: Page, path: Path) -> None:
    """Store what is on the screen, in as few colours as nobody misses."""
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as image:
        plain = image.convert("RGB")
    for colours in (256, 128, 64):
        palette = plain.quantize(colours, kmeans=2)
        reduced = plain.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        reduced.save(path, optimize=True)
        if path.stat().st_size <= MOST_BYTES:
            break
    assert path.stat().st_size <= MOST_BYTES
    assert colour_of(np.asarray(plain)) > 5


def fill(page: Page, *names: str) -> None:
    for number, name in enumerate(names, 1):
        choose(page, SAMPLES / name)
        expect(cards(page, "succeeded")).to_have_count(number, timeout=END_MS)
    for card in cards(page).all()[:3]:
        drawn(card)
    page.mouse.move(0, 0)


def test_desktop(opened: Opened, folder: Path) -> None:
    page = opened(viewport={"width": 1360, "height": 1000})
    fill(page, *SHOWN)
    card = cards(page).first
    card.get_by_text("Adjust colours").click()
    card.get_by_role("button", name="Other colourings").click()
    expect(card.locator(".variant img")).to_have_count(4, timeout=END_MS)
    for image in card.locator(".variant img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    drawn(card)
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("document.activeElement.blur()")
    save(page, folder / "web-desktop.png")


def test_phone(opened: Opened, folder: Path) -> None:
    page = opened(viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True)
    fill(page, "astronaut.jpg")
    card = cards(page).first
    card.get_by_text("Adjust colours").click()
    card.get_by_role("button", name="Other colourings").click()
    expect(card.locator(".variant img")).to_have_count(4, timeout=END_MS)
    drawn(card)
    page.evaluate("document.activeElement.blur()")
    card.evaluate("(each) => each.scrollIntoView()")
    save(page, folder / "web-phone.png")


def test_dark(opened: Opened, folder: Path) -> None:
    page = opened(viewport={"width": 1360, "height": 720}, color_scheme="dark")
    expect(page.locator("#hero-picture .after .picture").first).not_to_have_js_property(
        "naturalWidth", 0
    )
    save(page, folder / "web-dark.png")
