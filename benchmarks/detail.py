"""``python -m benchmarks.detail PHOTOGRAPHS``: what a larger input and guided upsampling bring.

PHOTOGRAPHS is a folder or a tar of colour photographs. docs/detail.md has the figures.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import get_args

import click
import cv2
import numpy as np
from matplotlib.figure import Figure

from benchmarks import metrics, report
from benchmarks.chroma import read
from benchmarks.memory import Peak
from benchmarks.metrics import Image
from benchmarks.pipeline import picture
from benchmarks.quality import rgb
from benchmarks.report import interleaved
from core.settings import Settings
from models import Catalogue
from worker.colour import Lightness, lightness
from worker.colour.compose import Upsample, compose
from worker.colour.decode import annealed_mean, rebalancing_bias
from worker.colour.input_shape import Fit
from worker.colour.lightness import Plane
from worker.colour.pipeline import network_input
from worker.engines import Engine, load_engine
from worker.images import decode

SIZES = (224, 320, 448)
GRID = 56
UPSAMPLES: tuple[Upsample, ...] = get_args(Upsample)


@dataclass(frozen=True)
class Row:
    """One photograph, colorized in one way."""

    how: str
    upsample: Upsample
    psnr: float
    near: float
    """Mean distance in ab near edges; NaN: there are none."""
    elsewhere: float
    infer_ms: float


@click.command()
@click.argument("photographs", type=click.Path(exists=True, path_type=Path))
@click.option("--model", help="Name or folder of a network; left out: the default.")
@click.option("--size", "sizes", type=int, multiple=True, default=SIZES, show_default=True)
@click.option(
    "--fit",
    "fits",
    type=click.Choice(get_args(Fit)),
    multiple=True,
    default=get_args(Fit),
    show_default=True,
)
@click.option("--under", default="", help="Only those whose path begins so.")
@click.option("--every", type=click.IntRange(1), default=1, help="Only one in so many.")
@click.option("--largest", type=click.IntRange(1), help="Only so many, those of most bytes.")
@click.option("--limit", default=1600, help="Longest side; larger ones are made smaller.")
@click.option("--network/--no-network", default=True, help="Or the true colours alone.")
@click.option("--cost", is_flag=True, help="Measure time and memory at 12 megapixels, too.")
def main(
    photographs: Path,
    model: str | None,
    sizes: tuple[int, ...],
    fits: tuple[Fit, ...],
    under: str,
    every: int,
    largest: int | None,
    limit: int,
    network: bool,
    cost: bool,
) -> None:
    """Colorize PHOTOGRAPHS in every way and compare with the truth."""
    found = [each for each in read(photographs) if each[0].startswith(under)][::every]
    if largest:
        found = sorted(found, key=lambda each: len(each[1]), reverse=True)[:largest]
    if not found:
        raise click.UsageError(f"{photographs} holds no .jpg or .png files there")
    # First: later there is freed memory to take.
    costs = compose_cost() if cost else {}
    for name, value in costs.items():
        print(f"{name} {value:.2f}")
    settings = Settings.load()
    engine = load_engine(settings.engine, Catalogue.from_settings(settings).find(model))
    rows: list[Row] = []
    with click.progressbar(found, label="Colorizing") as bar:
        for _, data in bar:
            truth = smaller(rgb(decode(data, 10**9).pixels), limit)
            rows += in_true_colours(truth)
            if network:
                for size, fit in product(sizes, fits):
                    rows += colorized(truth, engine, size, fit)
    table = list(means(rows))
    for line in table:
        print(
            f"{line.how:15} {line.upsample:8} {line.psnr:6.2f} dB, ab off by {line.near:5.2f} "
            f"near edges, {line.elsewhere:5.2f} elsewhere; {line.infer_ms:5.0f} ms"
        )
    result = {
        "photographs": len(found),
        "limit": limit,
        "cost": costs,
        "rows": [vars(line) for line in table],
    }
    report.write("detail", result, draw(table))


def compose_cost() -> dict[str, float]:
    """Return milliseconds of both kinds of upsampling at 12 megapixels, and bytes a pixel."""
    source = lightness(decode(picture(12, "grey"), 10**9).pixels)
    ab = np.random.default_rng(0).normal(0, 20, (2, GRID, GRID)).astype(np.float32)
    out = np.ones((*source.shape, 3), np.uint8)
    with Peak() as peak:
        compose(source, ab, out, "guided")
    calls: dict[str, Callable[[], object]] = {
        each: partial(compose, source, ab, out, each) for each in UPSAMPLES
    }
    times = {f"{name}_ms": ms for name, ms in interleaved(calls, 7).items()}
    return times | {"guided_bytes": peak.extra / out[..., 0].size}


def smaller(image: Image, limit: int) -> Image:
    """Return an image whose longest side is at most ``limit``."""
    scale = limit / max(image.shape[:2])
    if scale >= 1:
        return image
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def in_true_colours(truth: Image) -> Iterator[Row]:
    """Yield what is lost on a grid of 56 x 56 by a network that knows every colour."""
    true_ab = metrics.to_lab(truth)[..., 1:]
    cells = np.asarray(cv2.resize(true_ab, (GRID, GRID), interpolation=cv2.INTER_AREA), np.float32)
    ab = np.ascontiguousarray(cells.transpose(2, 0, 1))
    yield from composed(truth, lightness(truth), ab, "true colours", 0)


def colorized(truth: Image, engine: Engine, size: int, fit: Fit) -> Iterator[Row]:
    """Yield what the network makes of it, as its manifest has it decoded."""
    source = lightness(truth)
    batch = network_input(source, size, fit)
    began = perf_counter()
    prediction = engine.predict(batch)
    infer_ms = (perf_counter() - began) * 1e3
    manifest = engine.model.manifest
    bias = rebalancing_bias(engine.prior, manifest.vividness)
    ab = annealed_mean(prediction.probabilities[0], engine.palette, manifest.temperature, bias)
    yield from composed(truth, source, ab, f"{size} {fit}", infer_ms)


def composed(
    truth: Image, source: Lightness, ab: Plane, how: str, infer_ms: float
) -> Iterator[Row]:
    """Yield the figures of both kinds of upsampling."""
    true_lab, reach = metrics.to_lab(truth), metrics.edge_reach(truth.shape)
    for upsample in UPSAMPLES:
        found = rgb(compose(source, ab, upsample=upsample))
        near, elsewhere = metrics.edge_errors(true_lab, metrics.to_lab(found), reach)
        yield Row(how, upsample, metrics.psnr(truth, found), near, elsewhere, infer_ms)


def means(rows: list[Row]) -> Iterator[Row]:
    """Yield the mean over the photographs of each way; of time, the median."""
    for how, upsample in dict.fromkeys((row.how, row.upsample) for row in rows):
        part = [row for row in rows if (row.how, row.upsample) == (how, upsample)]
        yield Row(
            how,
            upsample,
            float(np.mean([row.psnr for row in part])),
            float(np.nanmean([row.near for row in part])),
            float(np.nanmean([row.elsewhere for row in part])),
            float(np.median([row.infer_ms for row in part])),
        )


def draw(table: list[Row]) -> Figure:
    """Draw the error near edges over that elsewhere."""
    figure = Figure(figsize=(7, 5))
    axis = figure.subplots()
    for index, upsample in enumerate(UPSAMPLES):
        part = [row for row in table if row.upsample == upsample and row.infer_ms]
        elsewhere, near = [row.elsewhere for row in part], [row.near for row in part]
        axis.scatter(elsewhere, near, label=upsample, color=f"C{index}")
        for row in part:
            axis.annotate(row.how, (row.elsewhere, row.near), fontsize=7)
    axis.set(xlabel="ab off elsewhere", ylabel="ab off near edges")
    axis.legend()
    return figure


if __name__ == "__main__":
    main()
