import json
from typing import Any

import pytest

from core.batches import BatchRequest
from worker.batches.listing import wanted_by


def request(
    source: dict[str, Any] | None = None, destination: dict[str, Any] | None = None
) -> BatchRequest:
    body = {
        "source": {"bucket": "photos", "prefix": "scans/", **(source or {})},
        "destination": {"bucket": "photos", "prefix": "colour/", **(destination or {})},
    }
    return BatchRequest.model_validate_json(json.dumps(body))


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("scans/a.jpg", True),
        ("scans/A.TIFF", True),
        ("scans/1936/a.bmp", True),
        ("scans/a.txt", False),
        ("scans/a", False),
        ("scans/.DS_Store", False),
        ("scans/folder/", False),
        ("scans/folder.jpg/", False),
    ],
)
def test_without_globs_images_are_chosen_by_their_ending(key: str, wanted: bool) -> None:
    assert wanted_by(request())(key) is wanted


@pytest.mark.parametrize(
    ("include", "exclude", "key", "wanted"),
    [
        (["*"], [], "scans/a", True),
        (["*"], [], "scans/folder/", False),
        (["1936/*"], [], "scans/1936/b/a.jpg", True),
        (["1936/*"], [], "scans/1937/a.jpg", False),
        (["*.tif", "*.jpg"], [], "scans/a.jpg", True),
        (["*.tif"], [], "scans/a.jpg", False),
        (["?.jpg"], [], "scans/a.jpg", True),
        (["[!a].jpg"], [], "scans/a.jpg", False),
        ([], ["*_thumb.*"], "scans/a_thumb.jpg", False),
        ([], ["*_thumb.*"], "scans/a.jpg", True),
        (["*"], ["*"], "scans/a.jpg", False),
        (["scans/*"], [], "scans/a.jpg", False),
    ],
)
def test_globs_match_what_lies_below_the_prefix(
    include: list[str], exclude: list[str], key: str, wanted: bool
) -> None:
    chosen = request({"include": include, "exclude": exclude})
    assert wanted_by(chosen)(key) is wanted


@pytest.mark.parametrize(
    ("source", "destination", "key", "wanted"),
    [
        ("", "colour/", "colour/a.jpg", False),
        ("", "colour/", "colours/a.jpg", True),
        ("", "colour/", "colorized/a.jpg", False),
        ("", "colour/", "uploads/0198/a.jpg", False),
        ("colorized/", "colour/", "colorized/a.jpg", True),
        ("colorized/", "colour/", "colorized/uploads/0198/a.jpg", False),
        ("uploads/", "colour/", "uploads/0198/a.jpg", True),
        ("scans/", "scans/colour/", "scans/colour/a.jpg", False),
        ("scans/", "scans/colour/", "scans/a.jpg", True),
    ],
)
def test_results_and_uploads_are_no_sources(
    source: str, destination: str, key: str, wanted: bool
) -> None:
    assert wanted_by(request({"prefix": source}, {"prefix": destination}))(key) is wanted


def test_a_fixed_start_of_the_template_marks_results_too() -> None:
    chosen = request({"prefix": ""}, {"prefix": "", "key_template": "colour of {path}"})
    assert not wanted_by(chosen)("colour of a.jpg")
    assert wanted_by(chosen)("a.jpg")


def test_the_same_prefix_of_another_bucket_holds_no_results() -> None:
    chosen = request({"prefix": ""}, {"bucket": "results", "prefix": "colour/"})
    assert wanted_by(chosen)("colour/a.jpg")
