"""The pictures of docs/options.md: what each option does to a photograph of samples/."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from PIL import Image, ImageDraw, ImageFont

from core.jobs import Options
from models import Catalogue
from models.catalogue import BUNDLED
from worker.control import Beside
from worker.engines import Engine, load_engine
from worker.processing import Processed, process

SAMPLES = Path("samples")
HEIGHT, GAP, CAPTION = 180, 6, 18
Labelled = tuple[str, Image.Image]


@click.command()
@click.option(
    "--output", default="docs/options", type=click.Path(path_type=Path), show_default=True
)
def main(output: Path) -> None:
    """Draw a strip for each option that changes colours."""
    output.mkdir(parents=True, exist_ok=True)
    artist = Artist(load_engine("opencv", Catalogue(Path()).get(BUNDLED), 2))
    for name, pictures in artist.strips():
        _strip(pictures).save(output / f"{name}.jpg", quality=85)
        print(output / f"{name}.jpg", flush=True)


class Artist:
    """Colorizes samples in several ways."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def strips(self) -> Sequence[tuple[str, Sequence[Labelled]]]:
        """Return the strip of each option."""
        cat, coffee, hopper = "cat.jpg", "coffee.jpg", "grace-hopper.jpg"
        wall = {"box": (0.75, 0.05, 0.95, 0.4), "color": "#3a6ea5"}
        uniform = {"at": (0.3, 0.9), "color": "#1d3a6e"}
        reference = self._process(coffee, saturation=1.6).data
        return [
            ("temperature", self._each(cat, temperature=(0.05, 0.38, 1.0))),
            ("vividness", self._each(cat, vividness=(0.0, 0.5, 1.0))),
            ("saturation", self._each(coffee, saturation=(0.0, 1.0, 1.6))),
            ("detail", self._each(hopper, detail=(None, 320, 448))),
            ("upsample", self._each(hopper, upsample=("bicubic", "guided"))),
            (
                "hints",
                [
                    ("none", self._picture(hopper)),
                    ("wall and uniform", self._picture(hopper, hints=(wall, uniform))),
                ],
            ),
            (
                "reference",
                [
                    ("none", self._picture(cat)),
                    ("the reference", _opened(reference)),
                    ("with it", self._picture(cat, Beside(reference))),
                ],
            ),
            ("variants", self._variants(cat)),
            ("ambiguity", self._ambiguity(cat)),
        ]

    def _each(self, sample: str, **option: Sequence[Any]) -> list[Labelled]:
        [(name, values)] = option.items()
        return [
            (
                f"{name} {'left out' if value is None else value}",
                self._picture(sample, **{name: value}),
            )
            for value in values
        ]

    def _picture(self, sample: str, beside: Beside | None = None, **options: Any) -> Image.Image:
        return _opened(self._process(sample, beside, **options).data)

    def _variants(self, sample: str) -> list[Labelled]:
        done = self._process(sample, variants=4, seed=1)
        files = (done.data, *(each.data for each in done.extras.variants))
        names = ("the result", *(f"variant {n}" for n in range(2, 6)))
        return [(name, _opened(file)) for name, file in zip(names, files, strict=False)]

    def _ambiguity(self, sample: str) -> list[Labelled]:
        done = self._process(sample, ambiguity=True)
        assert done.extras.ambiguity_map
        found = f"ambiguity {done.extras.ambiguity:.2f}"
        return [("the result", _opened(done.data)), (found, _opened(done.extras.ambiguity_map))]

    def _process(self, sample: str, beside: Beside | None = None, **options: Any) -> Processed:
        data = (SAMPLES / sample).read_bytes()
        chosen = Options.model_validate({"format": "png", **options})
        return process(data, self._engine, chosen, 10**8, beside=beside or Beside())


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def _strip(pictures: Sequence[Labelled]) -> Image.Image:
    """Return pictures of one height side by side, each with its name below."""
    tiles = [
        (name, picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT)))
        for name, picture in pictures
    ]
    width = sum(tile.width for _, tile in tiles) + GAP * (len(tiles) - 1)
    strip = Image.new("RGB", (width, HEIGHT + CAPTION), "white")
    draw, font, left = ImageDraw.Draw(strip), ImageFont.load_default(12), 0
    for name, tile in tiles:
        strip.paste(tile, (left, 0))
        draw.text((left + 2, HEIGHT + 2), name, fill=(60, 58, 54), font=font)
        left += tile.width + GAP
    return strip


if __name__ == "__main__":
    main()
