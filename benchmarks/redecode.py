"""``python -m benchmarks.redecode PHOTOGRAPHS``: what keeping a distribution costs and loses.

PHOTOGRAPHS is a folder or a tar. Sizes, losses and times of the packed form and of variants, for
grids of 56 x 56 and 112 x 112 cells. docs/control.md has the figures.
"""

from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks import metrics, report
from benchmarks.chroma import read
from benchmarks.pipeline import picture
from benchmarks.quality import rgb
from core.settings import Settings
from models import Catalogue
from worker.colour import (
    Decoding,
    Distribution,
    Lightness,
    ambiguity,
    decode,
    heat_map,
    lightness,
    pack,
    predict,
    render,
    unpack,
    variants,
)
from worker.colour.compose import compose
from worker.engines import Engine, load_engine
from worker.images import Photo, encode
from worker.images import decode as read_image

SIZES = (224, 448)
HOWS = [Decoding(*each) for each in product((1, 0.38, 0.1), (0, 1))]
USUAL = Decoding(vividness=0.6)
SIDE = 160
"""Longest side at which pictures are compared."""


@dataclass(frozen=True)
class Loss:
    """One photograph on one grid."""

    size: int
    packed: int
    delta_e: list[float]
    """Mean CIEDE2000 of each of ``HOWS``."""


@dataclass(frozen=True)
class Choice:
    """The variants of one photograph."""

    number: int
    nearest: float
    """Least mean CIEDE2000 between two of them."""
    roughness: list[float]
    """Total variation of each over that of the ordinary one."""


@click.command()
@click.argument("photographs", type=click.Path(exists=True, path_type=Path))
@click.option("--every", type=click.IntRange(1), default=10, show_default=True)
@click.option("--rounds", default=15, show_default=True)
def main(photographs: Path, every: int, rounds: int) -> None:
    """Measure on one in EVERY of PHOTOGRAPHS; write figures and a plot."""
    settings = Settings.load()
    engine = load_engine(settings.engine, Catalogue.from_settings(settings).default())
    losses, choices = [], []
    found = list(read(photographs))[::every]
    with click.progressbar(found, label="Measuring") as bar:
        for _, data in bar:
            source = lightness(_small(rgb(read_image(data, 10**9).pixels)))
            kept = {size: predict(source, engine, size) for size in SIZES}
            losses += [measure_loss(source, each, size) for size, each in kept.items()]
            choices.append(measure_variants(source, kept[SIZES[0]]))
    result: dict[str, Any] = {"photographs": len(found)}
    result |= {"losses": [summary(losses, size) for size in SIZES], "variants": chosen(choices)}
    for row in (*result["losses"], result["variants"]):
        print(row)
    result["ms"] = {f"{size // 4}": times(engine, size, rounds) for size in SIZES}
    for grid, row in result["ms"].items():
        print(grid, *(f"{name} {ms:.1f}" for name, ms in row.items()))
    report.write("redecode", result, draw(losses))


def measure_loss(source: Lightness, distribution: Distribution, size: int) -> Loss:
    """Pack, unpack, and compare the pictures."""
    packed = pack(distribution)
    again = unpack(packed, distribution.palette, distribution.prior)
    differences = []
    for how in HOWS:
        labs = [metrics.to_lab(rgb(render(source, each, how))) for each in (distribution, again)]
        differences.append(metrics.delta_e(*labs))
    return Loss(size, len(packed), differences)


def measure_variants(source: Lightness, distribution: Distribution) -> Choice:
    """Compare five variants with each other."""
    found = variants(distribution, 5, 0, USUAL)
    labs = [metrics.to_lab(rgb(compose(source, each.ab))) for each in found]
    gaps = [metrics.delta_e(one, other) for one, other in combinations(labs, 2)]
    first, *others = (_roughness(each.ab) for each in found)
    return Choice(len(found), min(gaps, default=0.0), [each / first for each in others])


def summary(losses: list[Loss], size: int) -> dict[str, Any]:
    """Return sizes and losses on one grid: the mean photograph and the worst."""
    own = [each for each in losses if each.size == size]
    differences = np.array([each.delta_e for each in own])
    row: dict[str, Any] = {"grid": size // 4}
    row |= {"mean_bytes": np.mean([each.packed for each in own]).round()}
    row |= {"most_bytes": max(each.packed for each in own)}
    for how, mean, worst in zip(HOWS, differences.mean(0), differences.max(0), strict=True):
        row[f"T {how.temperature} V {how.vividness}"] = (round(mean, 3), round(worst, 3))
    return row


def chosen(choices: list[Choice]) -> dict[str, Any]:
    """Return how many variants there are, how far apart, and how rough."""
    several = [each for each in choices if each.number > 1]
    rough = [ratio for each in several for ratio in each.roughness]
    numbers = np.bincount([each.number for each in choices], minlength=6)[1:]
    return {
        "photographs_by_number": numbers.tolist(),
        "least_delta_e": min(each.nearest for each in several),
        "median_least_delta_e": float(np.median([each.nearest for each in several])),
        "mean_roughness": float(np.mean(rough)),
        "roughness_p95": float(np.percentile(rough, 95)),
        "roughness_max": max(rough),
    }


def times(engine: Engine, size: int, rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each step at 1 megapixel."""
    data = picture(1, "grey")
    source = lightness(read_image(data, 10**9).pixels)
    kept = predict(source, engine, size)
    packed, how = pack(kept), Decoding(0.7, 0.6)
    out = rgb(render(source, kept, how))

    def rendered() -> NDArray[Any]:
        return render(source, unpack(packed, engine.palette, engine.prior), how, out)

    def whole() -> bytes:
        nonlocal source
        source = lightness(read_image(data, 10**9).pixels)
        return encode(Photo(rendered(), None, "jpeg"), "jpeg", 92)

    height, width = source.shape
    return report.interleaved(
        {
            "predict": lambda: predict(source, engine, size),
            "pack": lambda: pack(kept),
            "unpack": lambda: unpack(packed, engine.palette, engine.prior),
            "decode": lambda: decode(kept, how),
            "compose": lambda: render(source, kept, Decoding(), out),
            "unpack, decode, compose": rendered,
            "the same with JPEG": whole,
            "five variants": lambda: variants(kept, 5, 0, how),
            "ambiguity": lambda: ambiguity(kept),
            "heat map": lambda: heat_map(kept, height, width),
        },
        rounds,
    )


def draw(losses: list[Loss]) -> Figure:
    """Draw the distribution of sizes."""
    figure = Figure(figsize=(6, 3))
    axis = figure.subplots()
    for size in SIZES:
        sizes = [each.packed / 1000 for each in losses if each.size == size]
        axis.hist(sizes, bins=20, label=f"{size // 4} x {size // 4} cells", alpha=0.7)
    axis.set(xlabel="KB packed", ylabel="photographs")
    axis.legend()
    return figure


def _roughness(ab: NDArray[np.float32]) -> float:
    return float(sum(np.abs(np.diff(ab, axis=axis)).mean() for axis in (1, 2)))


def _small(image: metrics.Image) -> metrics.Image:
    factor = min(1, SIDE / max(image.shape[:2]))
    width, height = (max(1, round(side * factor)) for side in image.shape[1::-1])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


if __name__ == "__main__":
    main()
