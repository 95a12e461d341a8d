"""Photographs of a bucket that may only be read: their results go home."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from cli.stack import Stack, StackOptions
from core.jobs import Job
from core.objects import ObjectRef
from core.settings import Settings
from tests.integration.conftest import Service, running
from tests.support.browser import END_MS, GREY, SAMPLES, cards, picture_colour
from tests.support.waiting import eventually


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Service]:
    """A service that may read one bucket besides its own."""
    settings = Settings(downloads_dir=tmp_path / "downloads", buckets="archive:read")
    with running(Stack(StackOptions(tmp_path), settings)) as service:
        service.storage.ensure_bucket("archive")
        ref = ObjectRef(bucket="archive", key="1936/coffee.jpg")
        service.storage.store(ref, (SAMPLES / "coffee.jpg").read_bytes(), "image/jpeg")
        yield service


def test_they_are_coloured_and_adjusted(browser: Browser, archive: Service) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.goto(archive.url)
    page.get_by_role("button", name="From a bucket").click()
    dialog = page.get_by_role("dialog", name="From a bucket")
    dialog.get_by_role("button", name="archive/").click()
    dialog.get_by_role("button", name="1936/").click()
    dialog.get_by_label("coffee.jpg").check()
    dialog.get_by_role("button", name="Colour 1 photograph").click()
    expect(cards(page, "succeeded")).to_have_count(1, timeout=END_MS)
    card = cards(page).first
    card.get_by_text("Adjust colours").click()
    card.get_by_label("Saturation").fill("0")
    eventually(lambda: picture_colour(card) < GREY, what="a grey picture")
    listed = archive.request("GET", "/v1/jobs").json()["jobs"]
    jobs = [Job.model_validate(each) for each in listed]
    assert len(jobs) >= 2
    for job in jobs:
        assert job.source.bucket == "archive"
        assert job.destination
        assert job.destination.bucket == "tintype"
    assert len({job.destination for job in jobs}) == len(jobs)
    page.close()
