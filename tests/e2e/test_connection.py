from playwright.sync_api import Page, Route, expect

from cli.stack import Stack
from core.jobs import JobStore, State
from core.redis_client import connect
from tests.integration.conftest import Service, child, frozen
from tests.support.browser import END_MS, SAMPLES, cards, choose
from tests.support.waiting import eventually

START_SECONDS = 60
CAT = SAMPLES / "cat.jpg"


def test_a_service_that_is_away_shows_a_banner_and_the_stream_goes_on_after_it(
    page: Page, stack: Stack, service: Service
) -> None:
    resumed: list[str] = []

    def hear(headers: dict[str, str], url: str) -> None:
        if url.endswith("/v1/events") and "last-event-id" in headers:
            resumed.append(headers["last-event-id"])

    page.on("request", lambda asked: hear(asked.headers, asked.url))
    banner = page.locator("#offline")
    api = child(stack, "api")
    with frozen(child(stack, "worker-1")):
        choose(page, SAMPLES / "rocket.jpg", SAMPLES / "grass.jpg", CAT, SAMPLES / "coffee.jpg")
        expect(page.locator('#cards [data-step="queue"].progress')).to_have_count(4)
        expect(banner).to_be_hidden()
        api.kill()
        api.wait()
        expect(banner).to_be_visible(timeout=END_MS)
    with connect(service.settings.redis_url) as redis:
        jobs = JobStore(redis)
        newest, _ = jobs.list(limit=4)
        for job in newest:
            eventually(lambda at=job.id: jobs.get(at).state is State.SUCCEEDED)  # type: ignore[misc]
    expect(cards(page, "succeeded")).to_have_count(0)
    api.start()
    api.wait_ready(START_SECONDS)
    expect(banner).to_be_hidden(timeout=END_MS)
    expect(cards(page, "succeeded")).to_have_count(4, timeout=END_MS)
    assert resumed


def test_with_too_many_streams_the_page_looks_by_itself(page: Page) -> None:
    def refuse(route: Route) -> None:
        body = '{"code": "too_many_streams", "detail": "as many as may be"}'
        route.fulfill(status=503, headers={"Retry-After": "1"}, body=body)

    page.route("**/v1/events", refuse)
    choose(page, CAT)
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)


def test_a_service_with_keys_asks_for_one_and_goes_on(page: Page) -> None:
    signed_in: list[str] = []
    tokens: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method != "POST":
            return route.fulfill(json={"csrf": "a-token", "scopes": []})
        if route.request.post_data_json != {"key": "a good key"}:
            return route.fulfill(status=401, json={"code": "unauthorized", "detail": "unknown"})
        signed_in.append("yes")
        return route.fulfill(json={"csrf": "a-token"})

    def guard(route: Route) -> None:
        if route.request.method == "POST":
            tokens.append(route.request.headers.get("x-csrf-token", ""))
        if signed_in:
            return route.fallback()
        return route.fulfill(status=401, json={"code": "unauthorized", "detail": "a key"})

    page.route("**/v1/session", answer)
    page.route("**/v1/jobs", guard)
    choose(page, CAT)
    dialog = page.get_by_role("dialog", name="Sign in")
    dialog.get_by_label("Key").fill("a bad key")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog.get_by_role("alert")).to_have_text("This key is not known here.")
    dialog.get_by_label("Key").fill("a good key")
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)
    assert tokens == ["", "a-token"]
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_light_and_dark_stay_as_they_were_chosen(page: Page) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate(colour) != light
    page.reload()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(colour) != light
