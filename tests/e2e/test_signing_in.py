"""The page where the service needs keys."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from cli.stack import Stack, StackOptions
from core.redis_client import connect
from core.settings import Settings
from tests.integration.conftest import Service, running
from tests.support.browser import END_MS, SAMPLES, cards, choose, coloured_card
from tests.support.keys import make_key


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that needs keys."""
    folder = tmp_path_factory.mktemp("locked")
    settings = Settings(keys="required", downloads_dir=folder / "downloads")
    with running(Stack(StackOptions(folder), settings)) as service:
        yield service


@pytest.fixture
def signed_out(browser: Browser, locked: Service) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(locked.url)
    yield page
    context.close()


def key(service: Service, *scopes: str) -> str:
    return make_key(connect(service.settings.redis_url), *scopes)[1]


def sign_in(page: Page, secret: str) -> None:
    dialog = page.locator("#sign-in")
    expect(dialog).to_be_visible()
    dialog.locator("input").fill(secret)
    dialog.get_by_role("button", name="Sign in").click()


def test_a_key_is_asked_for_and_then_photographs_are_coloured(
    signed_out: Page, locked: Service
) -> None:
    choose(signed_out, SAMPLES / "coffee.jpg")
    sign_in(signed_out, "tt_wrong")
    expect(signed_out.locator("#sign-in .error-text")).to_have_text("This key is not known here.")
    sign_in(signed_out, key(locked))
    expect(cards(signed_out, "succeeded")).to_have_count(1, timeout=END_MS)
    kept = signed_out.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "tt_" not in kept
    assert "tt_" not in signed_out.evaluate("document.cookie")
    signed_out.reload()
    expect(cards(signed_out, "succeeded")).to_have_count(1, timeout=END_MS)


def test_sliders_work_with_a_key_and_signing_out_ends_it(signed_out: Page, locked: Service) -> None:
    sign_in(signed_out, key(locked))
    card = coloured_card(signed_out, SAMPLES / "cat.jpg")
    card.get_by_text("Adjust colours").click()
    slider = card.get_by_role("slider", name="Saturation")
    with signed_out.expect_response("**/redecode") as answer:
        slider.press("Home")
    assert answer.value.ok
    signed_out.locator("#sign-out").click()
    expect(signed_out.locator("#sign-in")).to_be_visible()


def test_a_session_goes_on_where_the_browser_has_forgotten_all_but_the_cookie(
    signed_out: Page, locked: Service
) -> None:
    sign_in(signed_out, key(locked))
    expect(signed_out.locator("#sign-out")).to_be_visible()
    signed_out.evaluate("localStorage.clear()")
    signed_out.reload()
    choose(signed_out, SAMPLES / "coffee.jpg")
    expect(cards(signed_out, "succeeded")).to_have_count(1, timeout=END_MS)
    expect(signed_out.locator("#sign-out")).to_be_visible()


def test_who_signs_in_next_is_not_told_what_was_there(signed_out: Page, locked: Service) -> None:
    choose(signed_out, SAMPLES / "coffee.jpg")
    sign_in(signed_out, key(locked))
    expect(cards(signed_out, "succeeded")).to_have_count(1, timeout=END_MS)
    signed_out.locator("#sign-out").click()
    expect(signed_out.locator("#sign-out")).to_be_hidden()
    expect(signed_out.locator("article.card")).to_have_count(0)
    assert "coffee" not in signed_out.evaluate("JSON.stringify(localStorage)")


def test_the_operations_are_an_admins(signed_out: Page, locked: Service) -> None:
    sign_in(signed_out, key(locked))
    signed_out.get_by_role("link", name="Operations").click()
    expect(signed_out.locator("#operations")).to_contain_text("Sign in with a key for admin")
    signed_out.locator("#sign-out").click()
    sign_in(signed_out, key(locked, "admin"))
    expect(signed_out.locator("#operations")).to_contain_text("Workers")
