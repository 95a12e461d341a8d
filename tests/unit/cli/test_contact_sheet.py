from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cli.contact_sheet import BACKGROUND, CAPTION, GAP, TILE, Pair, write_contact_sheet

Colour = tuple[int, int, int]
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
GREY, WHITE, BLACK = (128, 128, 128), (255, 255, 255), (0, 0, 0)
WIDTH, HEIGHT = TILE


def plain(path: Path, colour: Colour, size: tuple[int, int] = TILE) -> Path:
    Image.new("RGB", size, colour).save(path)
    return path


def sheet_of(folder: Path, *pairs: tuple[Colour, Colour]) -> NDArray[np.uint8]:
    """The sheet of plain pairs."""
    write_contact_sheet(
        [
            Pair(
                f"photo {number}",
                plain(folder / f"before-{number}.png", before),
                plain(folder / f"after-{number}.png", after),
            )
            for number, (before, after) in enumerate(pairs)
        ],
        folder / "out" / "sheet.png",
    )
    with Image.open(folder / "out" / "sheet.png") as image:
        assert image.format == "PNG"
        return np.asarray(image)


def corner(number: int) -> tuple[int, int]:
    """Top and left of a pair."""
    row, column = divmod(number, 2)
    return GAP + row * (HEIGHT + CAPTION + GAP), GAP + column * (2 * WIDTH + 3 * GAP)


@pytest.mark.parametrize(("pairs", "rows"), [(1, 1), (2, 1), (3, 2), (8, 4)])
def test_the_sheet_has_two_pairs_a_row(tmp_path: Path, pairs: int, rows: int) -> None:
    sheet = sheet_of(tmp_path, *[(GREY, RED)] * pairs)
    assert sheet.shape[1] == 2 * (2 * WIDTH + 3 * GAP)
    assert sheet.shape[0] == rows * (HEIGHT + CAPTION + GAP) + GAP


def test_each_result_is_to_the_right_of_its_photograph(tmp_path: Path) -> None:
    pairs = [(GREY, RED), (WHITE, GREEN), (BLACK, BLUE)]
    sheet = sheet_of(tmp_path, *pairs)
    for number, (before, after) in enumerate(pairs):
        top, left = corner(number)
        beside = left + WIDTH + GAP
        assert (sheet[top : top + HEIGHT, left : left + WIDTH] == before).all()
        assert (sheet[top : top + HEIGHT, beside : beside + WIDTH] == after).all()
        assert (sheet[top : top + HEIGHT, left + WIDTH : beside] == BACKGROUND).all()


def test_the_margins_and_the_place_of_a_missing_pair_are_empty(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, *[(GREY, RED)] * 3)
    assert (sheet[:GAP] == BACKGROUND).all()
    assert (sheet[:, :GAP] == BACKGROUND).all()
    top, left = corner(3)
    assert (sheet[top:, left:] == BACKGROUND).all()


def test_each_pair_has_its_caption_below(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, (GREY, RED), (GREY, RED))
    captions = []
    for number in range(2):
        top, left = corner(number)
        captions.append(sheet[top + HEIGHT : top + HEIGHT + CAPTION, left : left + WIDTH])
        assert (captions[-1] != BACKGROUND).any()
    assert (captions[0] != captions[1]).any()


@pytest.mark.parametrize("size", [(60, 240), (120, 960)])
def test_a_narrow_photograph_keeps_its_shape_and_stands_in_the_middle(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    before = plain(tmp_path / "before.png", BLUE, size)
    after = plain(tmp_path / "after.png", RED)
    write_contact_sheet([Pair("narrow", before, after)], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        sheet = np.asarray(image)
    top, left = corner(0)
    blue = (sheet[top : top + HEIGHT, left : left + WIDTH] == BLUE).all(axis=2)
    width = HEIGHT * size[0] // size[1]
    assert blue.all(axis=0).sum() == blue.any(axis=0).sum() == width
    assert (blue[:, ::-1] == blue).all()


def test_a_flat_photograph_stands_on_its_caption(tmp_path: Path) -> None:
    before = plain(tmp_path / "before.png", BLUE, (1500, 300))
    after = plain(tmp_path / "after.png", RED)
    write_contact_sheet([Pair("flat", before, after)], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        sheet = np.asarray(image)
    top, left = corner(0)
    blue = (sheet[top : top + HEIGHT, left : left + WIDTH] == BLUE).all(axis=2)
    assert blue[-WIDTH // 5 :].all()
    assert not blue[: -WIDTH // 5].any()


def test_a_grey_jpeg_is_shown_as_it_is(tmp_path: Path) -> None:
    Image.new("L", (4 * WIDTH, 4 * HEIGHT), 90).save(tmp_path / "before.jpg")
    after = plain(tmp_path / "after.png", RED)
    pair = Pair("grey", tmp_path / "before.jpg", after)
    write_contact_sheet([pair], tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        sheet = np.asarray(image).astype(int)
    top, left = corner(0)
    assert np.abs(sheet[top : top + HEIGHT, left : left + WIDTH] - 90).max() <= 2
