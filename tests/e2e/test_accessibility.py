"""No serious issue by axe-core, which npm installs for the tests alone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import DESKTOP, PHONE, Opened
from tests.support.browser import END_MS, SAMPLES, cards, choose, coloured_card, payload

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
VIEWS = ["", "gallery", "batches", "operations"]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def issues(page: Page) -> list[str]:
    """What axe finds that is serious, or worse."""
    # Half-faded things have no contrast: wait until nothing moves.
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [
        f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_view_has_a_serious_issue(opened: Opened, scheme: str, size: dict[str, int]) -> None:
    page = opened(bypass_csp=True, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    assert issues(page) == []
    card = coloured_card(page, SAMPLES / "coffee.jpg")
    choose(page, payload("broken.jpg", b"no image"))
    expect(cards(page, "failed")).to_have_count(1, timeout=END_MS)
    card = cards(page, "succeeded").first
    card.get_by_text("Adjust colours").click()
    card.get_by_text("About this photograph").click()
    page.get_by_text("How to colour them").click()
    card.get_by_role("button", name="Other colourings").click()
    expect(card.locator(".variant").first).to_be_visible(timeout=END_MS)
    assert issues(page) == []
    for view in VIEWS[1:]:
        page.goto(f"{page.url.partition('#')[0]}#/{view}")
        expect(page.locator(f"#{view} h1")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert issues(page) == [], view


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_is_wider_than_the_screen(opened: Opened, size: dict[str, int]) -> None:
    page = opened(viewport=size)
    for view in VIEWS:
        page.goto(f"{page.url.partition('#')[0]}#/{view}")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, view


def test_dialogs_have_no_serious_issue(opened: Opened, scheme: str) -> None:
    page = opened(bypass_csp=True, color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("button", name="From a bucket").click()
    expect(page.get_by_role("dialog", name="From a bucket")).to_be_visible()
    assert issues(page) == []
    page.keyboard.press("Escape")
    card = coloured_card(page, SAMPLES / "coffee.jpg")
    card.get_by_role("button", name="Full screen").click()
    expect(page.get_by_role("dialog", name="coffee.jpg")).to_be_visible()
    assert issues(page) == []


def test_everything_is_reached_by_keyboard(page: Page) -> None:
    reached = set()
    for _ in range(16):
        page.keyboard.press("Tab")
        focused = page.evaluate_handle("document.activeElement")
        reached.add(page.evaluate("(each) => each.id || each.textContent", focused))
    wanted = {"choose-files", "choose-folder", "choose-bucket", "sample", "theme", "Gallery"}
    assert wanted <= reached
