"""A real Chromium before the whole service."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from cli.stack import Stack, StackOptions
from core.settings import Settings
from tests.integration.conftest import Service, running

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
UNREACHABLE = re.compile("Failed to load resource")
"""What Chromium itself says of answers that tests bring about."""
Opened = Callable[..., Page]
"""Opens the page in a context of its own, with what Playwright takes for one."""


def chromium() -> str:
    """Where the browser is."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path:
        return path
    if os.environ.get("CI") or os.environ.get("TINTYPE_REQUIRE_SERVERS"):
        pytest.fail("chromium is missing: apt-get install chromium, or set CHROMIUM")
    pytest.skip("chromium is missing: apt-get install chromium, or set CHROMIUM")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the session; Chromium's sandbox does not work for root in containers."""
    path = chromium()
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The processes of the service, for tests that stop some."""
    folder = tmp_path_factory.mktemp("page")
    return Stack(StackOptions(folder), Settings(downloads_dir=folder / "downloads"))


@pytest.fixture(scope="session")
def service(stack: Stack) -> Iterator[Service]:
    """The service that all tests share."""
    with running(stack) as service:
        yield service


@pytest.fixture
def opened(browser: Browser, service: Service) -> Iterator[Opened]:
    """Open pages, and look at the end that nothing went wrong on them and nothing left the host."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": DESKTOP} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda said: _hear(said.type, said.text, wrong))
        page.on("request", lambda asked: _check(asked.url, service.url, wrong))
        page.goto(service.url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(opened: Opened) -> Page:
    """The page on a desktop."""
    return opened()


def _hear(kind: str, text: str, wrong: list[str]) -> None:
    if kind in ("error", "warning") and not UNREACHABLE.search(text):
        wrong.append(f"{kind}: {text}")


def _check(url: str, home: str, wrong: list[str]) -> None:
    if not url.startswith((f"{home}/", "blob:")):
        wrong.append(f"asked elsewhere: {url}")
