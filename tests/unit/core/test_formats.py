from typing import get_args

import pytest

from core.formats import OutputFormat, format_of, shown_as


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a.jpg", "jpeg"),
        ("a.jpeg", "jpeg"),
        ("A.JPG", "jpeg"),
        ("a.png", "png"),
        ("a.webp", "webp"),
        ("a.avif", "avif"),
        ("a.tif", "tiff"),
        ("a.tiff", "tiff"),
        ("a.jpg.png", "png"),
        ("folder.png/a", None),
        ("a.bmp", None),
        ("a.heic", None),
        ("a", None),
        ("jpg", None),
        (".jpg", None),
        ("a.jpg.", None),
    ],
)
def test_a_key_s_ending_stands_for_a_format(key: str, expected: OutputFormat | None) -> None:
    assert format_of(key) == expected


def test_every_format_can_be_asked_for_by_its_own_name() -> None:
    for format in get_args(OutputFormat):
        assert format_of(f"a.{format}") == format


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\x0a\x0d\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x1cftypavif", "image/avif"),
        (b"\x00\x00\x00\x1cftypavis", "image/avif"),
        (b"\x00\x00\x00\x1cftypheic", None),
        (b"II*\x00", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"<svg xmlns=", None),
        (b"<html>\xff\xd8\xff", None),
        (b"", None),
    ],
)
def test_what_a_browser_shows_is_told_by_its_first_bytes(
    first: bytes, expected: str | None
) -> None:
    assert shown_as(first) == expected
