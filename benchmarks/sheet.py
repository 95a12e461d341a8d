"""A contact sheet of several pictures a photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

TILE = (200, 150)
GAP, CAPTION, COLUMNS = 8, 16, 2


@dataclass(frozen=True)
class Strip:
    """Pictures of one photograph, side by side."""

    caption: str
    pictures: tuple[Image.Image, ...]


def write_sheet(strips: Sequence[Strip], path: Path) -> None:
    """Write a JPEG with two strips a row; all strips have as many pictures as the first."""
    count = len(strips[0].pictures)
    cell = (count * TILE[0] + 2 * GAP, TILE[1] + CAPTION + GAP)
    rows = -(-len(strips) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * cell[0], rows * cell[1]), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, strip in enumerate(strips):
        left, top = number % COLUMNS * cell[0], number // COLUMNS * cell[1]
        for position, picture in enumerate(strip.pictures):
            tile = ImageOps.pad(picture, TILE, color="white")
            sheet.paste(tile, (left + position * TILE[0], top))
        draw.text((left + 2, top + TILE[1] + 1), strip.caption, fill="black", font=font)
    sheet.save(path, quality=85)
