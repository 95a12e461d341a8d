"""One picture of many results: before | after, with a caption."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

TILE = (300, 240)
GAP, CAPTION, COLUMNS = 12, 26, 2
BACKGROUND, INK = (250, 249, 246), (60, 58, 54)


@dataclass(frozen=True)
class Pair:
    """A photograph and its result."""

    caption: str
    before: Path
    after: Path


def write_contact_sheet(pairs: Sequence[Pair], path: Path) -> None:
    """Write a PNG with two pairs a row."""
    width, height = TILE
    cell = (2 * width + GAP, height + CAPTION + GAP)
    rows = -(-len(pairs) // COLUMNS)
    size = (COLUMNS * (cell[0] + 2 * GAP), rows * cell[1] + GAP)
    sheet = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for number, pair in enumerate(pairs):
        left = GAP + number % COLUMNS * (cell[0] + 2 * GAP)
        top = GAP + number // COLUMNS * cell[1]
        for offset, file in ((0, pair.before), (width + GAP, pair.after)):
            with Image.open(file) as image:
                image.draft("RGB", TILE)
                upright = ImageOps.exif_transpose(image.convert("RGB"))
                tile = ImageOps.contain(upright, TILE)
            x = left + offset + (width - tile.width) // 2
            sheet.paste(tile, (x, top + height - tile.height))
        draw.text((left, top + height + 3), pair.caption, fill=INK, font=font)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
