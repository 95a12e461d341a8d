import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from cli.stack import Stack
from core.jobs import Job
from core.objects import ObjectRef
from tests.integration.conftest import Service, child, frozen
from tests.support.browser import (
    COLOURED,
    END_MS,
    GREY,
    SAMPLES,
    cards,
    choose,
    colour_of,
    coloured_card,
    drop,
    payload,
    picture_colour,
    pixels,
    split_at,
)
from tests.support.images import encoded, gradient

CAT = SAMPLES / "cat.jpg"


def test_an_uploaded_photograph_has_colour_on_the_page(page: Page) -> None:
    card = coloured_card(page, SAMPLES / "coffee.jpg")
    split_at(card, 50)
    shown = pixels(card.locator(".frame"))
    height, width = shown.shape[:2]
    rows = slice(height // 4, 3 * height // 4)
    assert colour_of(shown[rows, width // 4 : width // 2 - 30]) < GREY
    assert colour_of(shown[rows, width // 2 + 30 : 3 * width // 4]) > COLOURED
    expect(card.locator(".status")).to_contain_text(re.compile(r"Coloured in \d+ ms|\d s"))
    expect(page.locator("#summary")).to_have_text("1 photograph · 1 coloured")


def test_a_card_is_there_at_once_and_says_how_far_it_is(page: Page, stack: Stack) -> None:
    with frozen(child(stack, "worker-1")):
        choose(page, payload("first.jpg", encoded(gradient(300, 400, seed=1))))
        card = cards(page).first
        expect(card.locator("img.thumb")).to_be_visible()
        expect(card.locator("h3")).to_have_text("first.jpg")
        # The children of a worker take one each before those that wait.
        more = [payload(f"{n}.jpg", encoded(gradient(seed=n + 10))) for n in range(8)]
        choose(page, *more)
        expect(card.locator(".now")).to_have_text(re.compile("Queued|Waiting|Reading"))
        expect(page.get_by_text(re.compile(r"Queued, \d+ before it")).first).to_be_visible()
        bar = card.get_by_role("progressbar")
        expect(bar).to_have_attribute("aria-valuenow", "1")
        expect(card.locator(".clock")).to_have_text(re.compile(r"\d+ ms|\d+\.\d s"))
    expect(cards(page, "succeeded")).to_have_count(9, timeout=END_MS)


def test_photographs_can_be_dropped_and_pasted_and_other_files_are_left_out(page: Page) -> None:
    files = [payload("dropped.jpg", CAT.read_bytes()), payload("a.txt", b"text", "text/plain")]
    drop(page, files)
    expect(page.locator("#intake-note")).to_contain_text("1 file left out")
    page.evaluate(
        """async () => {
            const blob = await (await fetch('/web/img/sample.jpg')).blob();
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File([blob], 'pasted.jpg', { type: 'image/jpeg' }));
            document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
        }"""
    )
    expect(cards(page, "succeeded")).to_have_count(2, timeout=END_MS)
    expect(page.get_by_role("heading", name="pasted.jpg")).to_be_visible()


def test_a_sample_can_be_tried(page: Page) -> None:
    page.get_by_role("button", name="Try a sample").click()
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)
    assert picture_colour(cards(page).first) > COLOURED


def test_a_broken_file_says_what_to_do(page: Page) -> None:
    choose(page, payload("broken.jpg", CAT.read_bytes()[:300]))
    card = cards(page, "failed")
    expect(card).to_have_count(1, timeout=END_MS)
    expect(card).to_contain_text("The file is damaged or cut short. Scan or export it again.")
    expect(card.locator("code")).to_have_text("broken_image")
    card.get_by_role("button", name="Try again").click()
    expect(cards(page, "failed").locator("code")).to_have_text("broken_image", timeout=END_MS)
    card.get_by_role("button", name="Remove broken.jpg").click()
    expect(cards(page)).to_have_count(0)


def test_what_a_browser_cannot_show_is_shown_as_its_result(page: Page) -> None:
    tiff = payload("scan.tif", encoded(gradient(300, 400), "TIFF"), "image/tiff")
    card = coloured_card(page, tiff)
    expect(card.locator(".no-original")).to_be_visible()
    expect(card.locator(".compare.grey")).to_be_visible()
    split_at(card, 100)
    middle = pixels(card.locator(".frame"))[60:-60, 40:-60]
    assert colour_of(middle) < GREY


def test_a_photograph_in_colour_can_be_left_alone_and_coloured_anyway(page: Page) -> None:
    page.get_by_text("How to colour them").click()
    page.get_by_label("Photographs in colour").select_option("skip")
    choose(page, SAMPLES.parent / "api/web/img/sample-colour.jpg")
    card = cards(page, "succeeded")
    expect(card).to_contain_text("It is in colour already", timeout=END_MS)
    card.get_by_role("button", name="Colour it anyway").click()
    expect(card).to_contain_text("Coloured in", timeout=END_MS)


def test_two_hundred_photographs_at_once_are_a_few_requests_at_a_time(page: Page) -> None:
    uploading: set[Request] = set()
    most, streams = 0, 0

    def begins(request: Request) -> None:
        nonlocal most, streams
        if request.method == "POST" and request.url.endswith("/v1/jobs"):
            uploading.add(request)
            most = max(most, len(uploading))
        streams += request.url.endswith("/v1/events")

    def ends(request: Request) -> None:
        uploading.discard(request)

    page.on("request", begins)
    page.on("requestfinished", ends)
    drop(page, [payload(f"{n}.jpg", encoded(gradient(seed=n))) for n in range(200)])
    expect(cards(page)).to_have_count(200)
    expect(page.locator("#summary")).to_have_text(
        "200 photographs · 200 coloured", timeout=4 * END_MS
    )
    assert 1 <= most <= 4
    assert streams == 1
    # Only what is near has its pictures.
    assert page.locator("#cards .after img.picture[src]").count() < 60


def test_a_full_queue_is_waited_for(page: Page) -> None:
    refused: list[str] = []

    def refuse_once(route: Route) -> None:
        if refused or route.request.method != "POST":
            return route.fallback()
        refused.append(route.request.headers["idempotency-key"])
        body = '{"code": "queue_full", "detail": "100000 jobs are queued"}'
        headers = {"Retry-After": "1", "Content-Type": "application/problem+json"}
        return route.fulfill(status=429, headers=headers, body=body)

    page.route("**/v1/jobs", refuse_once)
    keys: list[str] = []
    page.on("request", lambda asked: keys.append(asked.headers.get("idempotency-key", "")))
    choose(page, CAT)
    expect(cards(page).first).to_contain_text("The queue is full; it goes on by itself")
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)
    assert keys.count(refused[0]) == 2


@pytest.mark.parametrize("many", [1, 2])
def test_photographs_are_picked_from_a_bucket(page: Page, service: Service, many: int) -> None:
    folder = f"picking-{many}"
    for name in ("a.jpg", "b.jpg", "notes.txt", "deeper/c.jpg"):
        ref = ObjectRef(bucket="tintype", key=f"{folder}/{name}")
        service.storage.store(ref, CAT.read_bytes(), "image/jpeg")
    page.get_by_role("button", name="From a bucket").click()
    dialog = page.get_by_role("dialog", name="From a bucket")
    dialog.get_by_role("button", name=f"{folder}/").click()
    expect(dialog.get_by_role("checkbox")).to_have_count(2)
    expect(dialog.get_by_role("button", name="deeper/")).to_be_visible()
    if many == 1:
        dialog.get_by_label("a.jpg").check()
    else:
        dialog.get_by_role("button", name="Choose all on this page").click()
    dialog.get_by_role("button", name=re.compile(rf"Colour {many} photograph")).click()
    expect(cards(page, "succeeded")).to_have_count(many, timeout=END_MS)
    assert picture_colour(cards(page).first) > 0


def test_a_photograph_can_be_canceled_while_it_waits(page: Page, stack: Stack) -> None:
    with frozen(child(stack, "worker-1")):
        files = [payload(f"{n}.jpg", encoded(gradient(seed=n))) for n in range(6)]
        choose(page, *files)
        last = cards(page).last
        last.get_by_role("button", name="Cancel").click()
        expect(last).to_contain_text("It was canceled.")
    expect(cards(page, "succeeded")).to_have_count(5, timeout=END_MS)
    last.get_by_role("button", name="Try again").click()
    expect(cards(page, "succeeded")).to_have_count(6, timeout=END_MS)


def test_a_result_that_someone_deleted_can_be_made_again(page: Page, service: Service) -> None:
    coloured_card(page, payload("deleted.jpg", encoded(gradient(200, 300, seed=77))))
    job_id = page.evaluate("JSON.parse(localStorage.getItem('tintype.cards'))[0].id")
    job = Job.model_validate_json(service.request("GET", f"/v1/jobs/{job_id}").data)
    assert job.destination
    service.storage._client.delete_object(Bucket="tintype", Key=job.destination.key)
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.reload()
    expect(cards(page, "failed")).to_contain_text("Someone has deleted it.", timeout=END_MS)
    cards(page).first.get_by_role("button", name="Try again").click()
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)


def test_a_folder_is_taken_with_all_that_is_below_it(page: Page, tmp_path: Path) -> None:
    for name in ("a.jpg", "deeper/b.jpg", "deeper/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(CAT.read_bytes())
    page.set_input_files("#folder", tmp_path)
    expect(cards(page, "succeeded")).to_have_count(2, timeout=END_MS)
    expect(page.locator("#intake-note")).to_contain_text("1 file left out")
