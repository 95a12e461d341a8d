import re

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.conftest import PHONE, Opened
from tests.support.browser import (
    COLOURED,
    END_MS,
    GREY,
    SAMPLES,
    cards,
    colour_of,
    coloured_card,
    drawn,
    picture_colour,
    pixels,
    split_at,
)
from tests.support.waiting import eventually

COFFEE = SAMPLES / "coffee.jpg"


@pytest.fixture
def card(page: Page) -> Locator:
    """A coloured photograph with its panel open."""
    card = coloured_card(page, COFFEE)
    card.get_by_text("Adjust colours").click()
    return card


def box_of(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box
    return box


def source_of(card: Locator) -> str:
    return card.locator(".after img.picture").first.get_attribute("src") or ""


def test_the_divider_is_moved_by_mouse_and_keyboard(page: Page) -> None:
    card = coloured_card(page, COFFEE)
    divider = card.get_by_role("slider", name="Before and after")
    divider.press("End")
    expect(divider).to_have_attribute("aria-valuenow", "100")
    inner = (slice(40, -60), slice(20, -60))
    assert colour_of(pixels(card.locator(".frame"))[inner]) < GREY
    divider.press("Home")
    assert colour_of(pixels(card.locator(".frame"))[40:-60, 60:-20]) > COLOURED
    divider.press("PageUp")
    divider.press("ArrowRight")
    expect(divider).to_have_attribute("aria-valuenow", "12")
    box = box_of(card.locator(".frame"))
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 60, steps=4)
    expect(divider).to_have_attribute("aria-valuenow", "75")
    page.mouse.up()
    page.mouse.move(box["x"], box["y"])
    expect(divider).to_have_attribute("aria-valuenow", "75")


def test_the_divider_is_moved_by_touch(opened: Opened) -> None:
    page = opened(viewport=PHONE, has_touch=True, is_mobile=True)
    card = coloured_card(page, COFFEE)
    card.scroll_into_view_if_needed()
    box = box_of(card.locator(".frame"))
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    divider = card.get_by_role("slider", name="Before and after")
    expect(divider).to_have_attribute("aria-valuenow", "25")


def test_sliders_make_other_colours(card: Locator) -> None:
    before, usual = source_of(card), picture_colour(card)
    saturation = card.get_by_label("Saturation")
    saturation.fill("0")
    expect(card.locator(".after img.picture").first).not_to_have_attribute("src", before)
    eventually(lambda: picture_colour(card) < GREY, what="a grey picture")
    saturation.fill("2")
    eventually(lambda: picture_colour(card) > 1.3 * usual, what="a vivid picture")
    vivid = source_of(card)
    card.get_by_label("Temperature").fill("0.2")
    expect(card.locator(".after img.picture").first).not_to_have_attribute("src", vivid)
    download = card.get_by_role("link", name="Download")
    expect(download).to_have_attribute("href", re.compile(r"^/v1/jobs/[0-9a-f-]+/result\?download"))
    assert (download.get_attribute("href") or "").split("/")[3] == source_of(card).split("/")[3]
    card.get_by_role("button", name="Reset").click()
    expect(card.locator(".after img.picture").first).to_have_attribute("src", before)


def test_of_many_moves_of_a_slider_the_last_one_counts(page: Page, card: Locator) -> None:
    asked = []
    page.on("request", lambda request: asked.append(request.url.endswith("/redecode")))
    saturation = card.get_by_label("Saturation")
    for step in range(1, 25):
        saturation.fill(f"{step * 0.05:.2f}")
    saturation.fill("0")
    expect(card.locator(".frame")).to_have_attribute("aria-busy", "false", timeout=END_MS)
    eventually(lambda: picture_colour(card) < GREY, what="a grey picture")
    assert sum(asked) < 20


def test_variants_and_the_map_of_ambiguity(card: Locator) -> None:
    card.get_by_role("button", name="Other colourings").click()
    variants = card.locator(".variant")
    expect(variants).to_have_count(4, timeout=END_MS)
    variants.nth(1).click()
    expect(variants.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(card.locator(".after img.picture").first).to_have_attribute(
        "src", re.compile("part=variant-2")
    )
    drawn(card)
    unsure = card.get_by_role("button", name="Where unsure")
    unsure.click()
    expect(unsure).to_have_attribute("aria-pressed", "true", timeout=END_MS)
    overlay = card.locator("img.unsure")
    expect(overlay).to_be_visible()
    expect(overlay).not_to_have_js_property("naturalWidth", 0)
    unsure.click()
    expect(overlay).to_be_hidden()


def test_a_reload_keeps_photographs_and_what_was_made_of_them(page: Page, card: Locator) -> None:
    before = source_of(card)
    card.get_by_label("Saturation").fill("0.5")
    expect(card.locator(".after img.picture").first).not_to_have_attribute("src", before)
    expect(card.locator(".frame")).to_have_attribute("aria-busy", "false")
    shown = source_of(card)
    eventually(
        lambda: shown.split("/")[3] in page.evaluate("localStorage.getItem('tintype.cards')"),
        what="a note of it",
    )
    page.reload()
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)
    card = cards(page).first
    expect(card.locator("h3")).to_have_text("coffee.jpg")
    expect(card.locator(".after img.picture").first).to_have_attribute("src", shown)
    card.get_by_text("Adjust colours").click()
    expect(card.get_by_label("Saturation")).to_have_value("0.5")
    card.get_by_role("button", name="Remove coffee.jpg").click()
    expect(cards(page)).to_have_count(0)
    eventually(lambda: page.evaluate("localStorage.getItem('tintype.cards')") == "[]")
    page.reload()
    expect(page.locator("#hero-picture")).to_be_visible()
    expect(cards(page)).to_have_count(0)


def test_full_screen_zooms_and_pans_both_pictures_together(page: Page) -> None:
    card = coloured_card(page, COFFEE)
    card.get_by_role("button", name="Full screen").click()
    viewer = page.get_by_role("dialog", name="coffee.jpg")
    compare = viewer.locator(".compare")
    drawn(viewer)
    before, after = viewer.locator(".before .picture"), viewer.locator(".after .picture").first
    page.mouse.move(500, 400)
    page.mouse.wheel(0, -300)
    expect(compare).not_to_have_attribute("data-zoom", "1.00")
    assert box_of(before) == box_of(after)
    assert box_of(before)["width"] > 2 * box_of(compare)["width"]
    start = box_of(before)
    page.mouse.move(300, 400)
    page.mouse.down()
    page.mouse.move(360, 440, steps=3)
    page.mouse.up()
    moved = box_of(after)
    assert (round(moved["x"] - start["x"]), round(moved["y"] - start["y"])) == (60, 40)
    assert box_of(before) == moved
    viewer.get_by_role("button", name="Side by side").click()
    viewer.get_by_role("button", name="Zoom in").click()
    one, other = box_of(before), box_of(after)
    assert (one["width"], one["y"]) == (other["width"], other["y"])
    assert other["x"] > one["x"]
    page.keyboard.press("0")
    expect(compare).to_have_attribute("data-zoom", "1.00")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(card.get_by_role("button", name="Full screen")).to_be_focused()


def test_a_download_is_the_result(page: Page) -> None:
    card = coloured_card(page, COFFEE)
    with page.expect_download() as downloading:
        card.get_by_role("link", name="Download").click()
    assert re.match(r"coffee\..*jpg$", downloading.value.suggested_filename)
    assert downloading.value.path().read_bytes().startswith(b"\xff\xd8\xff")


def test_what_is_known_of_a_photograph_is_told(page: Page) -> None:
    card = coloured_card(page, COFFEE)
    card.get_by_text("About this photograph").click()
    expect(card.locator(".about")).to_contain_text("600 × 400")
    expect(card.locator(".about")).to_contain_text("No EXIF in the file.")
    split_at(card, 30)
