import re

from playwright.sync_api import Page, expect

from core.objects import ObjectRef
from tests.integration.conftest import Service
from tests.support.browser import (
    COLOURED,
    END_MS,
    SAMPLES,
    cards,
    choose,
    payload,
    picture_colour,
)
from tests.support.images import encoded, gradient

COFFEE = SAMPLES / "coffee.jpg"


def go(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_the_gallery_finds_jobs_by_state_and_key(page: Page) -> None:
    choose(page, payload("needle-1.jpg", COFFEE.read_bytes()), payload("needle-2.jpg", b"no image"))
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)
    expect(cards(page, "failed")).to_have_count(1, timeout=END_MS)
    go(page, "Gallery")
    tiles = page.locator("#gallery-list .tile")
    page.get_by_label("Key contains").fill("NEEDLE")
    expect(tiles).to_have_count(2)
    page.get_by_label("State").select_option("failed")
    expect(tiles).to_have_count(1)
    expect(tiles).to_contain_text("needle-2.jpg")
    page.get_by_label("Key contains").fill("nothing is called so")
    expect(page.locator("#gallery-note")).to_have_text("No jobs here.")
    page.get_by_label("Key contains").fill("needle-1")
    page.get_by_label("State").select_option("succeeded")
    expect(tiles).to_have_count(1)
    tiles.first.click()
    dialog = page.get_by_role("dialog", name="A job")
    expect(dialog.get_by_role("heading", name="needle-1.jpg")).to_be_visible()
    card = dialog.locator(".card")
    expect(card.locator(".after .picture").first).not_to_have_js_property("naturalWidth", 0)
    assert picture_colour(card) > COLOURED
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_the_gallery_has_pages(page: Page) -> None:
    files = [payload(f"page-{n}.jpg", encoded(gradient(seed=n))) for n in range(30)]
    choose(page, *files)
    expect(cards(page, "succeeded")).to_have_count(30, timeout=2 * END_MS)
    go(page, "Gallery")
    with page.expect_response(lambda answer: "key=page-" in answer.url):
        page.get_by_label("Key contains").fill("page-")
    tiles = page.locator("#gallery-list .tile")
    expect(tiles).to_have_count(24)
    first = tiles.first.inner_text()
    page.get_by_role("button", name="Older").click()
    expect(tiles.first).not_to_have_text(first)
    expect(tiles).to_have_count(6)
    page.get_by_role("button", name="Newer").click()
    expect(tiles).to_have_count(24)
    expect(page.get_by_role("button", name="Newer")).to_be_disabled()


def test_a_batch_is_counted_started_followed_and_tried_again(page: Page, service: Service) -> None:
    for n in range(6):
        data = encoded(gradient(seed=n)) if n else b"no image"
        ref = ObjectRef(bucket="tintype", key=f"scans/{n}.jpg")
        service.storage.store(ref, data, "image/jpeg")
    go(page, "Batches")
    page.get_by_text("Colour everything below a prefix").click()
    page.locator("#batch-form").get_by_label("Prefix", exact=True).fill("scans/")
    page.locator("#batch-form").get_by_label("Below prefix").fill("colour/")
    page.get_by_role("button", name="Count first").click()
    answer = page.locator("#batch-answer")
    expect(answer).to_contain_text("6 photographs to do", timeout=END_MS)
    page.get_by_role("button", name="Start").click()
    batch = page.locator("#batch-list .batch").first
    expect(batch).to_contain_text("6 of 6 photographs", timeout=END_MS)
    expect(batch.locator(".state")).to_have_text("failed", timeout=END_MS)
    expect(batch).to_contain_text("1 photograph failed")
    batch.get_by_role("button", name="Show which").click()
    expect(batch.locator(".failures")).to_contain_text("scans/0.jpg")
    expect(batch.get_by_role("link", name="Report")).to_be_visible(timeout=END_MS)
    service.put("scans/0.jpg", encoded(gradient(seed=99)))
    batch.get_by_role("button", name="Try failed ones again").click()
    expect(batch.locator(".state")).to_have_text("succeeded", timeout=END_MS)


def test_operations_have_numbers_and_plots(page: Page) -> None:
    choose(page, payload("fine.jpg", encoded(gradient())), payload("bad.jpg", b"no image"))
    expect(cards(page, "failed")).to_have_count(1, timeout=END_MS)
    go(page, "Operations")
    numbers = page.locator("#numbers")
    expect(numbers).to_contain_text(re.compile(r"Workers\s*[1-9]"))
    expect(numbers).to_contain_text(re.compile(r"Errors\s*[1-9]"))
    expect(page.locator("#plot-ends rect.succeeded").first).to_be_attached()
    expect(page.locator("#plot-ends rect.failed").first).to_be_attached()
    expect(page.get_by_role("img", name=re.compile("Length of the queue"))).to_be_visible()
    expect(page.locator("#error-list")).to_contain_text("unsupported_format")
    expect(page.locator("#checks")).to_contain_text("A photograph submitted now is worked on.")


def test_a_job_without_its_distribution_can_be_made_adjustable(
    page: Page, service: Service
) -> None:
    source = service.put("plain/coffee.jpg", COFFEE.read_bytes())
    service.run(source)
    go(page, "Gallery")
    page.get_by_label("Key contains").fill("plain/coffee")
    page.locator("#gallery-list .tile").first.click()
    dialog = page.get_by_role("dialog", name="A job")
    dialog.get_by_text("Adjust colours").click()
    dialog.get_by_role("button", name="Make it adjustable").click()
    expect(dialog.get_by_text("Coloured in")).to_be_visible(timeout=END_MS)
    dialog.get_by_text("Adjust colours").click()
    expect(dialog.get_by_label("Saturation")).to_be_visible()


def test_the_documentation_works_under_its_policy(page: Page, service: Service) -> None:
    page.goto(f"{service.url}/docs/")
    expect(page.get_by_text("/v1/stats").first).to_be_visible(timeout=END_MS)
