from typing import get_args

import pytest

from core.formats import OutputFormat, format_of


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
